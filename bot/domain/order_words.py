"""Words that tell an order from chatter in replies, a table for each language. Data only: the rule is in `orders.py`.

Words are written as the rule folds them: small letters, no accents, no apostrophes. `_` joins the words of a phrase,
`*` stands for any letters.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What members of one language say."""

    common: str
    """Frequent words that say nothing, but tell the language."""
    lead: str
    """Words at the beginning that say nothing either way."""
    cue: str
    """Words at the beginning after which a description is an order: "now a trumpet"."""
    steer: str
    """An order by itself, at the beginning."""
    verbs: str
    """An order at the beginning, if something about the sound follows."""
    closing: str = ""
    """An order at the end: German infinitives."""
    please: str
    """An order wherever it stands, unless people talk to each other."""
    asks: str
    """A request, if something about the sound or a verb of an order is in it."""
    shades: str
    """How something is to sound; an order at the beginning."""
    degrees: str
    """Words before what is wanted; an order at the beginning."""
    sounds: str
    """What can be heard in a song."""
    chat: str
    """Applause, greetings, thanks, and what people say to each other."""
    talk: str
    """Words of statements; orders do without them."""
    questions: str
    """Words that begin a question."""
    scenes: str
    """What songs are about: a description, if it is the owner of the song who names it."""


SOUNDS = """
    solo solos bass* piano* intro* outro* beat* tempo* bpm refrain* rap jazz* rock* metal* reggae* swing* techno* pop
    funk* blues* gospel* disco house trap lofi lo-fi synth* latin* bossa* salsa cumbia* samba* tango* punk* folk*
    country ambient edm dubstep ballad* acapella akustik* acoustic* autotune banjo* ukulele* cello* flamenco reverb*
    remix* interlud* cappella capella kazoo theremin mellotron marimba vibraphon* moog 808 breakbeat* dnb jungle
    grunge ska soul r-n-b rnb hip-hop hiphop boombap chiptune* opera* polka* mambo bolero* mariachi* klezmer indie emo
    shoegaze phonk hyperpop k-pop j-pop kpop jpop vocoder* delay* groove* glitch* acid dub arpeggio* staccato legato
    tremolo vibrato sample* loop* drum* vocal* kick* snare* breakdown* chorus* hook riff* bridge* drop* fade conga*
    bongo* djembe didgeridoo sitar* koto shamisen taiko* tabla* bandoneon cajon mixtape* medley* crossfade fade-out
    fadeout build-up a-capella contrabass* orchest* symphon* sinfon* 12-string
    """
"""Heard in every language."""
CHAT = """
    lol lmao rofl xd omg wtf wow woah cool nice gg thx ty bro bruh dude hi hey hello yo hype spotify youtube
    soundcloud tiktok grammy* gif meme ai ki ia chatgpt bot banger bravo chapeau goat w respect super mega
    loop_forever on_loop dauerschleife bucle live video* meme*
    """
"""Said in every language."""

ENGLISH = Speech(
    common="the a an of to in and for on with from at but like some all",
    lead="""hmm hm ok okay so and well oh ah yes yeah yep alright also maybe just a bit little much even way then
        still or cool great nice for_the_next_part heres here its_time from_here there again m mm uh um eh er
        erm hey yo honestly actually imo please_just the_next_verse the_next_part next_verse next_part""",
    cue="now next this_time",
    steer="""add adding continue extend keep_going keep_it_going keep_the go_on carry_on remove replace change
        modulate transpose switch swap slow_down slow_it speed_up speed_it fade build_up build_to bring_in
        bring_back bring_the turn_up turn_down turn_it turn_the strip repeat restart resume pick_it_up
        take_it_up take_it_down end_it end_with finish_with finish_on let_the insert include throw_in mix_in
        put_in drop_the lose_the cut_the get_louder get_quieter start_over no_more double_the raise_the
        lower_the mute_the sing_about layer crank boost pump tone_down tone_it dial shift push pull kick_in
        kill_the mute bring_down bring_up back_to go_back_to go_into go_full jump_to cue soften double_up
        transition segue morph modulat* rewrite redo re-do reprise lengthen shorten prolong stretch amp_up ramp
        hold_the thin_out build bridge_to keep_playing play_on sing_on move_on_to follow_with follow_it make_it
        make_her make_him make_them make_the give_it let_it have_it have_the have_a get_it bring_it put_it
        throw_some throw_a throw_more dont_make dont_let dont_use dont_sing hit_us sing_it shout whistle
        loop_the chop sneak_in work_in weave introduce ease sustain tack_on open_with close_with begin_with
        wrap_it_up round_it_off give_us_a give_me_a give_me_some give_me_more slow_the speed_the leave_out
        take_out keep_only go_back go_straight go_quiet go_acoustic""",
    verbs="""make give play put take let try turn use bring start end finish drop cut have get do go sing keep mix
        pick no""",
    please="please pls plz",
    asks="""can_you could_you would_you will_you can_we could_we may_we shall_we can_it could_it i_want i_would_like
        id_like i_would_love id_love lets let_us how_about what_about what_if should_be should_get should_go
        should_have i_wish want_more want_a id_prefer i_prefer could_use would_be_cool would_be_nice
        would_be_great it_would want_to_hear wanna_hear love_to_hear like_to_hear can_u could_u would_u
        hoping_for im_thinking maybe_try why_not id_go_for any_chance needs need_more need_less need_a need_some
        could_the could_there can_the can_there would_the should_the what_would it_should how_would than_before
        than_now i_want_it gimme_a gimme_more can_it_be can_this could_this could_that can_that shall_it
        how_do_you_feel_about this_time""",
    shades="""quieter quiet quietly softer soft softly louder loud slower slow slowly faster fast heavier heavy darker
        dark happier happy sadder sad brighter bright bigger longer shorter higher lower lighter calmer warmer
        harder angrier wilder simpler stronger gentler groovier spookier dreamier funkier jazzier whispered
        stripped sparse minimal cinematic intimate mellow chill sadly french german spanish english italian
        japanese korean portuguese latin russian lo-fi dramatic emotional tender raw gritty clean deeper deep
        eerie eerier funky jazzy bluesy rocky punchier catchier cheerful melancholic upbeat off-beat swung
        too_fast too_slow too_loud too_quiet too_long too_short in_the_style like_a rougher fuller thinner
        busier cleaner tighter looser spooky scary creepy sexy angry lonely hopeful dreamy romantic aggressive
        playful nostalgic haunting gentle warm cold wild simple strong weaker sharper upright smoother too_*
        a_bit_*""",
    degrees="more less fewer with without w/ in instead another twice double half",
    sounds="""drum* guitar* choir* chorus* verse* bridge* vocal* voice* string* violin* fiddle* trumpet* brass horn*
        flute* sax* organ* harp* bell* clap* whistl* hum humming key keys drop hook melod* harmon* lyric* riff*
        kick* snare* cowbell* ending part* section* waltz* lullab* orchestr* echo* applause crowd silence duet*
        volume rhythm* cymbal* percussion tambourine* accordion* instrumental* crescendo* finale* pause break*
        pad* whisper* rain thunder wave* wind ocean birds siren* singer* singing sung march marching hymn chant*
        choral orchestra* winds woodwind* oboe clarinet* tuba trombone* mandolin* timpani tom toms hihat*
        hi-hat* shaker* bongo* conga* djembe strum* pluck* slap falsetto baritone tenor soprano alto yodel*
        scream* growl* spoken narrat* pre-chorus prechorus breakdown* build-up buildup tag coda middle-eight
        turnaround chord* scale minor major octave* semitone* note* pitch reprise ad-lib* adlib* backing lead
        mono stereo distort* fuzz wah noise static vinyl crackle* tape effect* arrangement version mood vibe
        feel energy dynamics ambience brushes *energy tempo* women female male man's kids children girl boy
        accapella outro ballad sings sing voices music-box radio stomp* feet footsteps xylophone triangle
        vibraphone panpipe* pan-flute lute lyre zither hurdy-gurdy didgeridoo rattle* chime* gong* whispering
        murmur* laughter bark* roar* clock* heartbeat* breath* sigh* shout* yell* counting canon shanty shant*
        anthem* nursery""",
    chat="""love loved loves loving thank* tysm awesome amazing insane sick fire slaps slap beautiful best perfect
        favorite favourite goosebumps chills cry cried crying tears killed kills dead died hits though tho brb
        afk bye congrats welcome facts fr ngl damn dang hell download* masterpiece genius talent* vibing bop
        bops catchy nailed more_please more_pls more_of_th* play_it_again play_that_again again_please
        encore_please good_job well_done good_stuff good_one great_job great_stuff great_song good_song than
        haha hehe yay sweet dope lit so_good too_good not_bad no_way add_me give_me_a_call call_me send_me dm_me
        tell_me look_at listen_to shut_up lmk idk imo tbh anyone someone somebody good_night good_morning
        on_the_radio the_radio my_radio gn gm turn_it_up play_it_loud turned_up goes_hard go_hard went_hard
        hit_different lol_same the_lyrics send_lyrics send_the on_repeat in_my_head on_my_playlist nope yup ikr
        same_here first jk ffs ugh meh obsessed addicted dancing vibes goated legend legendary iconic stunning
        gorgeous lovely incredible fantastic brilliant wonderful impressive impressed unreal ridiculous
        hilarious funny cursed blessed jealous proud keep_it_up keep_up more_like_this more_songs another_song
        new_song next_song this_song ur_so thankyou respect_* mp3 copyright license credits prompt subscribe
        delete deleted never_delete dont_delete amirite more_like_th* file album insta story headphones
        make_an_album make_a_movie make_it_stop make_it_rain make_my_day made_my_day jeez sheesh poggers pog
        ok_boomer kept youre_talented crazy oops wrong channel cheers cheers_everyone hi_everyone hey_everyone
        guys yall folks slept sleep sleeping imagine hero heck respectfully btw legit nasty finally told_you
        lucky happy_birthday birthday well_played wp omw hold_my_beer sub subs like_and tbf enough good no_idea
        needs_to_be movie fine likes views plays luck contest same_as same anthem ate no_cap lowkey highkey
        relatable classic certified underrated share sharing shared posted saved ringtone alarm dad mom mum
        brother sister wife husband friend friends neighbour neighbours neighbor boss teacher grandma grandpa
        stuff kinda literally basically coffee lunch dinner work weekend monday friday tonight tomorrow
        yesterday later welcome_back see_you good_evening happy_for glad nah huh discord server emoji link paid
        price cost costs cents dollar dollars money free more_*_like_th* world magic fake deleting app translate
        guys_please the_world not_a_fan fan glorious sublime cute adorable solid wholesome go_to_sleep
        bookmarking girlfriend boyfriend aunt uncle internet viral yikes epic like_my_*""",
    talk="""i im ive ill me my mine we us our were you your youre youve u ur he she hes shes his her they them
        theyre their it its this that thats these those is are was isnt arent wasnt be been am do does did didnt
        dont doesnt has had got went took made heard played plays sounds sounded looks feels felt reminds sent
        showed thought think know knew guess cant couldnt wont wouldnt stuck woke listened listening listen wait
        sorry hope going gonna idea havent hadnt werent theyve weve hed shed wed youd theyd itd thatd shouldnt
        mustnt said says say tell told came come since already yet""",
    questions="who whos what whats how hows why where wheres when which is are was does did do has can could anyone",
    scenes="""night* day* dawn dusk morning evening midnight summer winter autumn spring snow* sun* moon* star* sky
        cloud* storm* rainy sea ocean* river* lake island* beach* shore* harbour harbor boat* ship* sailor*
        train* tram* car* road* street* city town village home house door window* fire* light* shadow* ghost*
        dream* heart* dance* dancer* wedding* funeral war king queen knight* dragon* robot* alien* space planet*
        cat cats dog dogs bird* horse* wolf wolves forest* tree* flower* rose* garden* mountain* desert* wild
        western carnival* circus* market* bar* cafe* kitchen* neon fog mist distant slowly lighthouse*
        underwater jungle* tropical pub pubs""",
)  # fmt: skip

GERMAN = Speech(
    common="""der die das den dem des ein eine einen einem einer im am zum zur und auf fur von zu aus bei aber wenn
        auch kein keine""",
    lead="""hm hmm ok okay so und ja oh ah also mal doch noch etwas bisschen ein wenig viel gern gerne kurz dann
        vielleicht lieber nochmal cool super bissl bisserl bissel ne naja am_besten m mm aeh eh""",
    cue="jetzt nun noch_ein noch_eine noch_einen noch_mal nochmal diesmal danach",
    steer="""weiter mach_weiter fug fuge fuege hang hange haeng setz setze fortsetzen verlanger* ersetz* tausch*
        wechsle entfern* streich bau baue wiederhol* erhoh* senk* steiger* spiel_weiter sing_weiter geh_weiter
        lass_es lass_die lass_den lass_das fang_nochmal dreh_den dreh_die schalte nimm_lieber nimm_die nimm_den
        nimm_das nimm_ein schieb pack_* gitarre_raus bau_* steig erganz* kurz_* kurze verkurz* dampf* erweiter*
        fuhr leite mix misch leg schraub dehne zieh wechsel* nimm_* geh_uber geh_in weitermachen fang_wieder
        spiel_das_weiter mach_das_weiter sing_das drossel* hau misch_ schmeiss wirf verander* probier* versuch*
        starte beginn* schreib* spiel_es nutze benutz* schneid* fugt hol betone unterleg* begleit* transponier*
        loop* erganze halte andere blende bleib kurz streck gonn kling klinge hor_mit lass_mal los_mit fade
        gib_ihm gib_der gib_dem gib_ihr gib_mehr mach_mehr""",
    verbs="""mach mache macht gib gebt spiel spiele nimm lass bring bringe tu pack leg dreh fang ende sing singe
        beende hol""",
    closing="""anhangen einbauen wechseln lassen weglassen hinzufugen enden fortsetzen einfugen ersetzen dran dazu
        rein weg weiter machen spielen singen verlangern wiederholen steigern ausklingen beenden""",
    please="bitte",
    asks="""kannst_du konntest_du kann_man kann_das konnen_wir konnten_wir wurdest_du hatte_gern hatte_gerne
        ich_will ich_mochte ich_wunsche ware_schon ware_toll ware_cool ware_super wie_ware lass_uns geht_es
        geht_das ginge_das sollte wurde_gern wurde_gerne wurd_gern was_ware wie_ware_es ware_es kannste konntest
        kriegen_wir darf_es es_darf gerne_mit fehlt fehlen vertragt konnte_man wunsch* lust_auf konnte_der
        konnte_die konnte_das konnte_es konnten_die wie_wars sollte_es soll soll_es sollen kann_es kann_der
        kann_die als_vorher als_zuvor als_bisher da_muss da_mussen muss_rein probieren_wir versuchen_wir
        machen_wir nehmen_wir wollen_wir mochte_die mochte_den mochte_das mochte_ein* mochte_mehr geht_die
        geht_der geht_auch braucht_mehr braucht_einen braucht_eine braucht_ein diesmal dieses_mal""",
    shades="""leiser leise lauter laut ruhig* langsam* schneller schnell* harter hart weicher dunkler duster* heller
        traurig* frohlich* hoher tiefer grosser langer langes kurzer sanfter sanft wilder kraftiger schwerer
        warmer nicht_so flustern geflustert auf_englisch auf_deutsch auf_spanisch in_moll in_dur epischer
        einfacher raus rein auf_franz* auf_ital* auf_span* auf_japan* auf_engl* auf_deut* franzosisch
        minimalistisch intim entspannt* dramatisch* emotional* rau sauber funky jazzig* rockig* vertraumt*
        melancholisch* heiter zu_schnell zu_laut zu_langsam zu_leise zu_lang zu_kurz hoher* tiefer* kurzer*
        starker* dichter luftiger breiter nachdenklich* hier_nur weicher* wie_ein im_stil das_gleiche das_selbe
        dasselbe grusel* unheimlich* energischer energie jazziger lustiger bedrohlich* romantisch* aggressiv*
        zart* verspielt* nostalgisch* im_*takt wuchtiger satter""",
    degrees="mehr weniger mit ohne nur statt als alle kein keine keinen doppelt",
    sounds="""*gitarr* klavier* schlagzeug* *chor *chore chor* strophe* brucke* bridge* gesang* *stimme* streicher*
        geige* trompete* blaser* flote* saxophon* saxofon* orgel* harfe* glocke* klatsch* pfeif* summen tonart*
        melodie* text riff* ende walzer* schlaflied* orchester* hall echo* applaus stille duett* lautstarke
        rhythmus* becken akkordeon* mundharmonika* *solo *outro *refrain *version *band druck teil drop pause
        moll dur *glocken *trommel* pauken* regen donner wellen wind meer vogel sirene sanger* *sang marsch
        *marsch hymne sprechgesang orchester oboe klarinette* tuba posaune* mandoline* hi-hat* bongo* falsett
        bariton tenor sopran alt jodel* schrei* takt* akkord* oktave* halbton* note* ton hintergrund* *effekt*
        rauschen knistern stimmung version* fassung *part *teil kinderchor frauenstimme mannerstimme synth*
        *wechsel gitarre* harfen trompeten streichern geigen fluten bassen *bass leise-laut dudelsack* *takt
        kontrabass besen energie tempo kinder frauen manner schluss gesungen* spieluhr *box anfang radio *spiel
        fiedel* fusse kontrabass* panflote* zither* leier* maultrommel* rassel* triangel xylophon* vibraphon*
        kuhglocke* leise mannerchor frauenchor seemannslied* *lied kanon *klang* klang* gitarrist* sprech*
        gerausch* stampf* schritt* *kapelle* *orchester* blas*""",
    chat="""danke* dank geil* krass hammer wahnsinn toll* schon schones schone lieb* stark ohrwurm* gansehaut moin
        hallo servus gute guten na lache heul* traumhaft klasse bombe perfekt beste* besser schlecht schade nein
        runterladen mehr_davon davon sam bett hihi haha gern_geschehen gut gutes hubsch herrlich spitze
        wahnsinnig gelungen tschuss bis_gleich bis_spater feier* genial witzig lustig sauber gluckwunsch
        einfach_nur mach_weiter_so macht_weiter_so gefallt kenn kenne no ne nee mega_* jup erster erste naja
        egal puh oje jawohl stimmt genau wow album klingelton wecker mp3 lizenz gemafrei traum schnulze tranen
        bravo begeistert verliebt sensationell grandios grossartig fantastisch unfassbar peinlich grusslich
        schlimm ok_cool kenn_ich nachbar* hor_auf macht_weiter_leute guten_morgen guten_abend gute_nacht
        guten_tag schonen_abend bis_morgen muss_los auf_meiner_hochzeit hochzeit losch* datei story kopfhorer*
        album* beste gewinnt schlafen erinnert ehrlich wirklich ups hoppla falscher kanal prost zusammen leute
        stell_dir teufel liebe ubrigens *er_als_sonst *er_als_ich *er_als_mein* *er_als_dein* *er_als_gedacht
        *er_als_erwartet *er_als_das *er_als_die *er_als_der fies endlich geburtstag* video gluck letzte party
        woche sollten_wir genug froh zufrieden ins_radio im_radio das_radio likes buro stream tattoo neidisch
        stolz joa genie namen klassiker freunde freundin freund mutter vater bruder schwester oma opa nachbarn
        chef gespeichert geteilt teilen nervt gesendet geschickt gehort ohren gesehen guck schau hort_mal
        wochenende montag freitag gestern kaffee feierabend arbeit server link preis kostet geld kostenlos
        gratis ganz_nett nett heftig irre ubel welt mehr_solche mehr_so_was mehr_von_sowas solche magie fake app
        jemand braucht_die episch nicht_so_meins nicht_mein tante onkel internet viral autsch schlaf wie_mein*""",
    talk="""ich mich mir mein meine meiner meinem meinen du dich dir dein deine wir uns unser unsere ihr euch er man
        ist sind war waren wars bin bist hat habe hab hast haben hatte wurde klingt klang kam lauft find finde
        fand glaub glaube denk denke dachte gedacht hor hore gehort jemand gedauert gemacht gleich soll oder
        ware seitdem gesagt stimmt""",
    questions="""wie was wer wo wann warum wieso weshalb welche* woher wozu ist sind hast habt gibt kommt wessen worum
        womit wofur""",
    scenes="""nacht* tag* morgen* abend* mitternacht* sommer* winter* herbst* fruhling* schnee* sonne* mond* stern*
        himmel* wolke* sturm* regen* fluss* see insel* strand* hafen* boot* schiff* seemann* zug bahn*
        strassenbahn* auto* strasse* stadt* dorf* haus* tur fenster* feuer* licht* schatten* geist* traum* herz*
        tanz* hochzeit* krieg konig* ritter* drache* roboter* weltall planet* katze* hund* vogel* pferd* wolf*
        wald* baum* blume* rose* garten* berg* wuste* jahrmarkt* zirkus* kneipe* kuche* neon nebel* leuchtturm*
        heimat*""",
)  # fmt: skip

SPANISH = Speech(
    common="el la los las un una unos unas de del en y que con por para pero a al lo",
    lead="""ok vale y pues oh ah si un poco mucho tal_vez quizas bueno genial pero poquito m mm eh ay um todo
        otra_vez la_proxima la_siguiente el_proximo el_siguiente""",
    cue="ahora luego despues otra otro",
    steer="""sigue siguela siguelo continua* agrega* anade* pon ponle ponlo mete* quita* cambia* repite* alarga*
        extiende* sube* baja* elimina* reemplaza* hazlo hazla dejala dejalo cantala acelera* ralentiza*
        introduce incluye vuelve_a que_siga que_termine que_suene que_entre que_empiece que_sea que_vaya
        que_acabe que_tenga que_baje que_suba dale_mas dale_menos dale_un dale_ritmo sube baja mete echa echale
        ponga anadir agregar quitar cambiar subir bajar alargar extender continuar seguir terminar repetir
        acelerar haz_que dale_un* dale_una dale_a que_haya que_no aumenta* reduce* disminuye* incorpora* mezcla*
        convierte* transforma* pasa_a cierra* remata* intercala* suma* saca* apaga* silencia* modula* metele
        echenle sigue_con prolonga* retoma* entran entra_* bajale* subele_el subele_la subele_a ponga_
        que_se_apague que_se_vaya que_se_oiga que_se_escuche que_hable que_diga abre arranca ponme agregale
        manten mantenla alterna quitale quitame metanle denle ponganle bajen suban agreguen anadan sigan_con
        cantalo termina_con termina_en terminala acaba_con acabala deja_solo deja_que terminalo danos dame_un
        dame_una dame_mas que_grite que_llore que_cante que_canten que_toque que_toquen que_vuelva que_vuelvan
        que_salga que_desaparezca""",
    verbs="""haz haga toca dale dame pasa usa prueba intenta empieza entra lleva mezcla que_la que_el que_los que_las
        que_un que_una canta deja termina acaba""",
    please="por_favor porfa porfavor",
    asks="""puedes podrias puede podria podemos podriamos quiero_que quiero_un* quiero_mas quiero_menos quiero_el
        quiero_la quisiera me_gustaria que_tal sigues necesita deberia falta y_si vamos_con me_encantaria
        querria se_puede puede_ser podria_ser podria_tener quedaria_bien quedaria_mejor le_falta haria_falta
        ojala prefiero preferiria por_que_no que_antes tenga probamos intentamos hacemos ponemos harias podriais
        puedes_hacer harian pondrias quitarias esta_vez""",
    shades="""suave* fuerte* lent* rapid* triste alegre tranquil* larg* cort* doble esta_vez susurrad* version
        en_ingles en_espanol silencio bailable en_frances en_italiano en_japones en_portugues mas_* menos_*
        demasiado* intim* dramatic* emotiv* suci* limpi* alegre* melancolic* animad* oscur* agud* grave* intens*
        sencill* calmad* relajad* fuera entre desde_aqui no_tan miedo tenebros* romantic* agresiv* energia dulce
        seis_por_ocho que_de bajit* hablad* suavecit* despaci* rapidit*""",
    degrees="mas menos con sin solo solamente como al_estilo otra otro",
    sounds="""bateria* guitarra* coro* estribillo* estrofa* puente* voz voces cuerda* violin* trompeta* flauta* saxo*
        organo* arpa* campana* palmas silbid* tono* tonalidad melodia* letra riff* final* parte* vals nana*
        orquesta* eco aplauso* pegada duo volumen ritmo* acordeon* armonica* percusion* tambor* tecno regueton*
        reggaeton* bajo bajos lluvia olas verso* pausa instrumental* sintetizador* trueno* mar viento pajaros
        sirena* cantante* marcha himno oboe clarinete* tuba trombon* mandolina* bongo* falsete baritono tenor
        soprano grito* compas* acorde* octava* semitono* nota* fondo efecto* ruido ambiente version* infantil*
        femenin* masculin* susurro* cancion* silencio coros cajon maracas charango bandoneon tumbao clave
        sonido* musica capela solo_de toque* cuerdas contrabajo escobillas duo* gaita* energia mujer* hombre*
        ninos cantad* bombo* caja hable metal metales radio violonchelo* chelo* zapate* pasos xilofono triangulo
        flautas panderet* castanuela* risa* gong campanill* respiracion latido* grit* canto* cantos tono_menor
        tono_mayor""",
    chat="""gracias temazo temon brutal increible bonit* lind* hermos* precios* encanta gusta buenisim* locura pena
        guau crack boda mola igual gallina adios hola buenas buenos uf mas_por_favor mas_porfa ponla mas_de_est*
        mas_de_es* sigue_asi sigan_asi de_lo_que no_esta_mal obra_maestra felicidades enhorabuena maravill*
        perfect* espectacular fuego tremend* llorar lloro arte descargar nos_vemos feliz mejor mejores pasada
        flipo flipante alucino nah no_me_lo voz_que que_voz alguien album alarma mp3 licencia jeje jiji primero
        para_ya obvio claro tal_cual totalmente uy ay orale chido padre chevere bacan guay genia genio idolo
        maestro epico* emociona* emocion bailo bailando cantando infancia nostalgia raro rara necesito otra_mas
        otra_cancion subele_* tono_de_llamada escribi escribiste buenas_noches buenas_tardes buenos_dias
        que_genial en_la_radio borr* archivo historia disco audifonos dormir peor de_mi_vida me_recuerda se_pone
        esta_todo nunca_la siguiente_ nunca loco loca ups canal equivocado salud a_todos con_todo_respeto
        demonios por_cierto banda_de_verdad video mas_*_que_mi* mas_*_que_tu* mas_*_que_el mas_*_que_la
        mas_*_que_de por_fin cumpleanos suerte semana apaga_eso seguro segura suficiente a_que_no contenta
        contento fiesta pegadiza otra_vez_por_favor ponla_otra_vez me_puede likes envidia directo tatuaje
        orgullo trabajo clasico amigo amigos amiga mama papa hermano hermana esposa esposo abuela vecino vecina
        jefe compartir compartida guardada escuchen miren oigan servidor enlace precio cuesta dinero centavos
        manana ayer lunes viernes cafe finde gratis entiendo mundo mas_*_asi magia falso app deja_de no_me vete
        epico epica tia tio novia novio internet viral escalofrios como_mi_* la_verdad que_no_puede dios
        espero_la proxima_cancion la_proxima_vez espero_la_proxima""",
    talk="""yo me mi mis tu te ti tus ella nos nosotros es son era fue esto eso ese esa hay tengo tiene he ha lo_que
        parece suena recuerda vi oi creo pense puedo quedo hizo hice hiciste mato tardo mande escuch* voy vemos
        salio saldria dura bailando jamas tienen vaya dormido dije""",
    questions="como que quien donde cuando cuant* cual* por_que de_donde es",
    scenes="""noche* dia* amanecer* madrugada medianoche verano* invierno* otono* primavera* nieve* sol luna*
        estrella* cielo* nube* tormenta* rio* lago* isla* playa* puerto* barco* marinero* tren* tranvia* coche*
        carretera* calle* ciudad* pueblo* casa* puerta* ventana* fuego* luz luces sombra* fantasma* sueno*
        corazon* baile* boda* guerra rey reina caballero* dragon* robot* espacio planeta* gato* perro* pajaro*
        caballo* lobo* bosque* arbol* flor* rosa* jardin* montana* desierto* circo* mercado* cantina* cocina*
        neon niebla faro* selva*""",
)  # fmt: skip

LATIN = (ENGLISH, GERMAN, SPANISH)

JAPANESE_ORDER = (
    r"(?:して|入れて|足して|減らして|増やして|変えて|続けて|つづけて|上げて|下げて|抜いて|加えて|伸ばして|終わって|締めて|消して|外して"
    r"|強めて|弱めて|繰り返して|重ねて|止めて|戻して|落として|歌わせて|鳴らして|始めて|盛り上げて|終わらせて|再開して|繋げて|つなげて)"
    r"(?:下さい|ください|ほしい|欲しい|くれ|もらえ|みて|お願い|おねがい|$|、?いい)"
    r"|(?:追加|なし|減らし|増やし|控えめ|強め|弱め|少なめ|多め|早め|遅め|高め|低め|長め|短め|暗め|明るめ|倍速)(?:で|に|$)"
    r"|続き(?:は|を|で|お|$)|お願い|おねがい|[にく]できる|にできます|に変えられ|にでき|できますか|で頼む|でたのむ|頼みます"
    r"|(?:終わり|終え|続け|変え|入れ|加え|足し)たい|(?:風|感じ|調|め|ぽく)にしたい|(?:入れ|加え|変え|続け|足そ|し)よう$"
    r"|はどう$|を[^を]{1,8}[えけせてねめれげべ](?:られ)?(?:ます|る)か?$|(?:続け|変え|加え|入れ|下げ|上げ|つけ|伸ば|繰り返)(?:られ|せ)(?:る|ます)|(?:エンディング|終わり|感じ|雰囲気|テンポ|バージョン)がいい$|したらどう|が(?:欲しい|ほしい)$|になるといい|だといいな|語で$"
)
"""An order whatever else is said."""
JAPANESE_SHADE = (
    r"もっと|[をにとも][^をにとも]{1,8}て$|^(?:次|今度|じゃあ|では|その後)(?:は|から|で|に)|だけで|風に|っぽく|だけに|静かに|激しく|ゆっくり"
    r"|(?<![のん])で$|(?<![のん])に$|(?<!よろし)(?<=[しるかぎよさなわら])く$|抜いて$|再開"
)
"""How something is to sound: an order unless people talk to each other."""
JAPANESE_CHAT = (
    r"^いい|最高|すごい|すげ|凄|やば|ヤバ|神曲|神$|神す|神っ|天才|大?好き|泣け|泣い|泣く|鳥肌|笑$|笑笑|爆笑|笑え|笑っ|草$|\uff57|w+$|ww|ありがと|有難"
    r"|おはよ|こんにち|こんばん|お疲れ|おつかれ|良い|良く|よく|いいね|いいな|よかった|良かった|良す|感動|かわい|可愛|素敵|かっこ|カッコ|格好"
    r"|おめでと|うますぎ|うまい|上手|綺麗|きれい|わかる|なるほど|おやすみ|寝る|寝れ|また(?:作|聴|聞|ね|明)|頑張|がんばれ|懐かし|癒|刺さる|エモ"
    r"|ウケ|うける|まじ|マジ|えぐ|うるさ|うわ|まさか|残念|リピート|名曲|満点|ダウンロード|ファイル|アルバム|ストーリー|歌詞もらえ|教えて|送って"
    r"|^もう一回(?!サビ)|もう一回(?:流|聴|聞|かけ|再生)|羨|うらやま|タトゥー|配信|職場|予想外|誇ら|似てる|聴きたい|聞きたい|集合|いくつ|たまらん|最強|尊|優勝|消さない|思い出|聞かせて|聴かせて|楽しみ|一番乗り"
    r"|着信音|目覚まし|うち[のは]|私|僕|俺|今日|昨日|明日|さっき|上げろ|評価|流行|みたい$|出しなよ|人生"
    r"|(?:(?<!う)た|んだ|てる|ている|かな|だね|よね|だよ|のに|けど|なの|です|ます|ですね|じゃん|らしい|かも|べき|やつ|っす|ぜ|ぞ|わ|でしょ|ない|んだろ|いる|がいい|がよい)$"
    r"|[だたいよ][なねよわ]$|^(?:これ|それ|この曲|あれ|その声)(?:は|が|って|なら)|^(?:そう|うん|いや|うーん|え|ああ)$"
    r"|感謝|満足|十分|微妙|傑作|やっと|クセに|こういう|こんな|必要|魔法|世界|愛を|アプリ|絶対|無限|ループ|作って|正直|間違え|乾杯|って(?:何|なに|誰)|だれ|誰|なんで|何で|どうや|どこ|いつ|なに|何の"
)
JAPANESE_REQUEST = r"誰か|みんな|皆さん|世界|歌詞もらえ|教えて|送って|聴かせて|聞かせて|貸して|流して"
"""Requests for something else than music."""
JAPANESE_SOUND = (
    r"[ァ-ヴー]{3,}|感じ|雰囲気|[音声歌曲鳴奏唱]|調|拍子|テンポ|リズム|キー|ギター|ピアノ|ドラム|ベース|コーラス|ストリングス|バイオリン|トランペット|サックス|フルート"
    r"|シンセ|ボーカル|サビ|ブリッジ|イントロ|アウトロ|ソロ|ラップ|ロック|ジャズ|メタル|レゲエ|ワルツ|テクノ|ビート|エンディング|終わり|静|激|暗|明る|速|遅"
    r"|バンド|メロディ|ハモ|オルゴール|口笛|拍手|アカペラ|ポップ|演歌|ファンク|ブルース|サンバ|ゴスペル|オーケストラ|笛|太鼓|三味線|バージョン"
    r"|雨|雪|風|雷|波|海|川|空|星|月|太陽|夜|朝|夕|冬|夏|春|秋|森|山|花|街|町|港|駅|電車|路面|列車|船|道|家|窓|火|光|影|夢|心|恋|祭|行進"
    r"|猫|犬|鳥|龍|宇宙|ロボット|ネオン|霧|灯台|遠"
)
"""What can be heard in a song, or what it may be about."""
APPLAUSE = "♥❤💖💕😍😭🔥👏💀😂🤣👍🙌🥹🥰😢😅😆😁😄🎉💯🙏😎🤯😱💜💙💚🧡💛🖤🤍😊👌✨"
