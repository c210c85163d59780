"""Addresses of Trust."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from encours.web.shell.nav import NavEntry
from encours.web.trust import disagreements, views

NAV = NavEntry(_("Trust"), "trust", "trust", 52, "t", ("judge_match",), whole=True, group="cash")
urlpatterns = [
    path("trust/", views.trust, name="trust"),
    path("trust/chart/", views.chart, name="trust_chart"),
    path("trust/posting/", views.posting, name="trust_posting"),
    path("trust/budget/", views.budget, name="trust_budget"),
    path("trust/prior/", views.prior, name="trust_prior"),
    path("trust/certify/", views.certify, name="trust_certify"),
    path("trust/stratum/", views.stratum, name="trust_stratum"),
    path("trust/judge/<int:audit_id>/", views.judge, name="trust_judge"),
    path("trust/disagreements/", disagreements.disagreements, name="trust_disagreements"),
    path("trust/disagreements/judge/<int:disagreement_id>/", disagreements.judge_case, name="trust_disagreement"),
    path("trust/disagreements/export.<str:kind>", disagreements.export_judged, name="trust_disagreements_export"),
    path("trust/run/<int:run_id>/", views.run, name="trust_run"),
    path("trust/run/<int:run_id>/rewind/", views.rewind, name="trust_rewind"),
    path("trust/posts/", views.posts, name="trust_posts"),
    path("trust/posts/rewind/", views.rewind_many, name="trust_rewind_posts"),
]
