"""The cash forecast as the pages read it: the sums of every night, customers and items of the latest one."""

from __future__ import annotations

from django.db import models

from encours.store.models.facts import Entity


class CashForecast(models.Model):
    """What was expected of an entity's customers at the end of `day`.

    `afterwards`: reckoned later, from what was known on that day. `left_out`: a list of [reason, currency, items,
    amount]. `issues`: sentences. `model`: how far the payment dates can be trusted. `before_on`: the day of the
    forecast that the bridge begins with.
    """

    entity = models.ForeignKey(Entity, on_delete=models.CASCADE)
    day = models.DateField()
    weeks = models.IntegerField()
    afterwards = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    stamp = models.CharField(max_length=64, blank=True, default="")  # the state of the facts that were read
    model = models.TextField(blank=True, default="")
    left_out = models.JSONField(default=list)
    issues = models.JSONField(default=list)
    before_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity", "day"], name="forecast_once")]


class ForecastWeek(models.Model):
    """A week of a forecast in one currency; amounts in minor units.

    `source`: open_items, orders, expected_invoices, total. Of open items also what the naive forecasts said (everybody
    pays on the due date; on the due date plus the customer's own median delay) and, once the week has passed, what
    `came`.
    """

    forecast = models.ForeignKey(CashForecast, on_delete=models.CASCADE)
    entity_id = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    source = models.CharField(max_length=24)
    place = models.IntegerField()  # 1 is the week that begins the day after
    week_start = models.DateField()
    p10 = models.BigIntegerField()
    p50 = models.BigIntegerField()
    p90 = models.BigIntegerField()
    mean = models.BigIntegerField()
    due_date = models.BigIntegerField(null=True)
    own_median = models.BigIntegerField(null=True)
    came = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["forecast", "currency", "source", "place"], name="forecast_week_once")
        ]
        indexes = [models.Index(fields=["entity_id", "week_start"], name="forecast_week_start")]


class ForecastDay(models.Model):
    """A day of the first two weeks of a forecast, of what is open; amounts in minor units."""

    forecast = models.ForeignKey(CashForecast, on_delete=models.CASCADE)
    entity_id = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    on = models.DateField()
    p10 = models.BigIntegerField()
    p50 = models.BigIntegerField()
    p90 = models.BigIntegerField()
    mean = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["forecast", "currency", "on"], name="forecast_day_once")]


class ForecastCustomer(models.Model):
    """What one customer is expected to pay of what is open, by the latest forecast: a row a customer and currency.

    `soon`: expected in the first four weeks; `expected`: in all weeks; `later`: after them. `weeks`: a list of
    [p10, p50, p90, mean], one a week. Minor units.
    """

    forecast = models.ForeignKey(CashForecast, on_delete=models.CASCADE)
    entity_id = models.CharField(max_length=64)
    customer_id = models.CharField(max_length=190)
    currency = models.CharField(max_length=3)
    name = models.CharField(max_length=255)  # beside the figures, so that a sorted page is one index scan
    open = models.BigIntegerField()
    soon = models.BigIntegerField()
    expected = models.BigIntegerField()
    later = models.BigIntegerField()
    weeks = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entity_id", "customer_id", "currency"], name="forecast_customer_once")
        ]
        indexes = [
            models.Index(fields=["entity_id", "currency", "-soon"], name="forecast_customer_soon"),
            models.Index(fields=["entity_id", "currency", "-expected"], name="forecast_customer_expected"),
        ]


class ForecastItem(models.Model):
    """When an open item is expected, of the latest forecast alone; `soon`, `expected`, `later` as of its customer."""

    forecast = models.ForeignKey(CashForecast, on_delete=models.CASCADE)
    entity_id = models.CharField(max_length=64)
    customer_id = models.CharField(max_length=190)
    item_id = models.CharField(max_length=190)
    currency = models.CharField(max_length=3)
    number = models.CharField(max_length=190)
    open = models.BigIntegerField()
    due_on = models.DateField()
    p10_on = models.DateField()
    p50_on = models.DateField()
    p90_on = models.DateField()
    soon = models.BigIntegerField()
    expected = models.BigIntegerField()
    later = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entity_id", "item_id"], name="forecast_item_once")]
        indexes = [models.Index(fields=["customer_id", "p50_on"], name="forecast_item_customer")]


class ForecastCause(models.Model):
    """A step of the bridge from the forecast of a week before to the latest one: cause, customer, amount."""

    forecast = models.ForeignKey(CashForecast, on_delete=models.CASCADE)
    entity_id = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    cause = models.CharField(max_length=32)
    customer_id = models.CharField(max_length=190, null=True)
    items = models.IntegerField()
    amount = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["entity_id", "currency", "cause", "-amount"], name="forecast_cause")]
