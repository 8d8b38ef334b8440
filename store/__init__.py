"""The two stores: durable (engines SQLite and PostgreSQL) and expiring, and their migrations.

A use case is one *work*, a function of a transaction given to `Durable.write`. `spend` decides what is used
once, `publish` and `Feed` carry news between workers, `maintain` is the job that keeps the tables small.
"""

from store.durable import SQL, Durable, Engine, Row, Tx, Value
from store.errors import ConstraintBroken, FolderInUse, MigrationChanged
from store.expiring import Expiring, open_expiring
from store.migrating import migrate
from store.news import Feed, publish
from store.opening import open_durable, open_sequencer
from store.settings import StoreSettings
from store.spent import Marker, Spending, spend, spend_name
from store.upkeep import maintain

__all__ = [
    "SQL",
    "ConstraintBroken",
    "Durable",
    "Engine",
    "Expiring",
    "Feed",
    "FolderInUse",
    "Marker",
    "MigrationChanged",
    "Row",
    "Spending",
    "StoreSettings",
    "Tx",
    "Value",
    "maintain",
    "migrate",
    "open_durable",
    "open_expiring",
    "open_sequencer",
    "publish",
    "spend",
    "spend_name",
]
