"""How do single facts become figures at every level and period, by one SQL text, with or without a hall?"""
