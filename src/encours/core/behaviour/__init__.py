"""How each customer pays: payment history, profiles, the distribution of every payment day, alerts.

Read in this order: `history` (which closings are payments), `study` (a book laid out on a day), `own` (each payer's
hazards), `rows` and `looks` (what the model reads), `learn` and `calibrate` (the model, tried before it is believed),
`curves` and `distribute` (one distribution an item), `shifts` (what events do to it), `predict`; then `figures`,
`profiles`, `flags` and `alerts`, and `replay`, which judges it all on the past.
"""

from encours.core.behaviour.model import Model, learn, model_of
from encours.core.behaviour.payers import Payers, know_payers
from encours.core.behaviour.predict import Predictions, predict
from encours.core.behaviour.replay import Replay, replay
from encours.core.behaviour.study import Study, study

__all__ = [
    "Model",
    "Payers",
    "Predictions",
    "Replay",
    "Study",
    "know_payers",
    "learn",
    "model_of",
    "predict",
    "replay",
    "study",
]
