"""The credentials that the simulated Cartesia accepts. They are valid for simulators only."""

CARTESIA_API_KEY = "sk_car_simulated_cartesia_key"
CARTESIA_VOICE_ID = "51a11a7e-d000-4000-8000-000000000001"
