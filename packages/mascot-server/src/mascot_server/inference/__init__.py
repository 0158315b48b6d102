"""Viseme inference for all conversations: engines, deadline queue, scheduler, overload detection."""
