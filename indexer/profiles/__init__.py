"""What a profile is: model, Markdown reader, raw-export reader, corpus walk, lint."""
