"""What Discord allows."""

MESSAGE_CHARS = 2000
EMBED_TITLE_CHARS = 256
EMBED_CHARS = 4096
"""The description of an embed."""
EMBED_FIELD_CHARS = 1024
BUTTONS_MAX = 25
LINK_BUTTON_CHARS = 512
"""The address of a button."""
OPTIONS_MAX = 25
"""Options of a menu, choices while typing."""
OPTION_CHARS = 100
"""Label, description and value of an option; name and value of a choice."""
FILES_MAX = 10
FILE_DESCRIPTION_CHARS = 1024
"""What screen readers say of a file."""
FORM_TITLE_CHARS = 45
"""The title of a form, the label of a field."""
PLACEHOLDER_CHARS = 100
FIELD_NOTE_CHARS = 100
"""What stands below the label of a field."""
INPUT_CHARS = 4000
FIELDS_MAX = 5
"""Fields of a form."""
