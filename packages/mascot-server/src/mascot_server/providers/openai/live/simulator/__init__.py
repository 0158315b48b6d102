"""A simulated GPT-Live."""
