"""Kafka's wire format, pure: schema texts, the codec compiled from them, frames and their guards."""
