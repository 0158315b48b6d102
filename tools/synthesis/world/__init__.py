"""Speech of many languages: texts that packages of translations bring, and voices that speak all languages."""
