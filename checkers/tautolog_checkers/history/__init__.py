"""Histories: what clients asked, what they were told, and when; read from any format, written without loss."""
