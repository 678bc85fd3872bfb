"""The German-English lexicon that the engine ships, and how it is learnt from parallel texts."""
