"""OpenAI GPT-Live: continuous audio in real time, without turns."""
