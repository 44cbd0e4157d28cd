"""Retrain MobileNet on a folder of photos and export one quantised model file that carries everything."""
