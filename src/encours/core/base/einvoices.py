"""Statuses in the life of an e-invoice, as events of its item: which of them stop its payment, which let it go on."""

from __future__ import annotations

#: The last one of these holds until the invoice is mended; the word that names it.
STOPPED = {
    "einvoice:207": "disputed",
    "einvoice:208": "suspended",
    "einvoice:210": "refused",
    "einvoice:213": "rejected",
    "einvoice:220": "cancelled",
    "einvoice:221": "sent to a wrong address",
}
#: Statuses after which it is on its way again.
RESUMED = ("einvoice:204", "einvoice:205", "einvoice:206", "einvoice:209", "einvoice:211", "einvoice:212")
#: The customer's platform says that it has sent the payment.
SENT = "einvoice:211"
