#!/usr/bin/env bash
# One would guess: a WAV whose title is in Latin-1, as many recorders and editors write it (the format names no
# encoding), opens with an odd title at worst.
# What happens: av.open() raises UnicodeDecodeError before any sound can be read, for metadata is decoded as strict
# UTF-8 while the file is opened. With metadata_errors="replace" it opens, and plays whole.
# Seen with PyAV 16.1.0 on CPython 3.11. Encore opens every file with "replace".
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check av==16.1.0
"$work/venv/bin/python" - "$work/latin1.wav" <<'P'
import struct
import sys
import wave

import av

path = sys.argv[1]
with wave.open(path, "wb") as sound:
    sound.setnchannels(1)
    sound.setsampwidth(2)
    sound.setframerate(8000)
    sound.writeframes(bytes(2 * 8000))
title = "Café".encode("latin-1") + b"\0\0"  # an even number of bytes, with an end
info = b"INFO" + b"INAM" + struct.pack("<I", len(title)) + title
with open(path, "r+b") as file:
    file.seek(0, 2)
    file.write(b"LIST" + struct.pack("<I", len(info)) + info)
    size = file.tell()
    file.seek(4)
    file.write(struct.pack("<I", size - 8))

print("PyAV", av.__version__)
try:
    av.open(path)
except UnicodeDecodeError as error:
    print("opened as usual:", type(error).__name__)
else:
    sys.exit("opened as usual: it opens now")
with av.open(path, metadata_errors="replace") as opened:
    samples = sum(frame.samples for frame in opened.decode(audio=0))
    print("with metadata_errors='replace':", dict(opened.metadata), samples, "samples")
    if samples != 8000:
        sys.exit("not all of it was read")
P
