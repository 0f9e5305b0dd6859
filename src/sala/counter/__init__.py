"""The counter: whose turn is it?"""
