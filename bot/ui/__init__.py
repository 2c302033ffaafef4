"""Everything Discord draws: cards, buttons, texts, and the way they reach people."""
