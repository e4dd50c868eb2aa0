"""What the folded queries of the report's pages take on a large force.

Usage: script/bench bi [CONTACTS ...]   (default: 1000000 10000000)

Contacts of three years up to now, 0.18 callers a contact, each active for a time of their own; 12 districts, 30 codes
and 8 channels, unevenly used.  Each visual of powerbi/pages.py is asked for under its filter, in the shapes that Power
BI's connector sends, by a login as set_up_bi_login() makes it, on one connection each, best of three after one to warm
up.  Exits 1 if one takes longer than it may, or the filter of incremental refresh finds no index.
"""
import datetime
import statistics
import sys

from harness import NUMBER, load, machine, make_database, psql, recent_contacts, say, seconds, sizes, table, timed
from powerbi.pages import CONTENTS, DIMENSIONS, MEASURES
from report.labels import (
    ABANDONED, ABANDONED_SHARE, ANSWERED, ANSWERED_WITHIN_10S, CALLER_PROFILE, CALLERS_ONE_AWAY, CONTACTS, CONTACTS_28D,
    CONTACTS_IN_THE_HOUR, CONTACTS_OF_CALLER, CONTACTS_OF_REPEAT_CALLERS, CONTACTS_PREVIOUS_28D, DATA_AS_AT,
    DEPLOYMENTS, DROPPED_OFF, FAILED_SHARE, HANDLING_HOURS, INCIDENTS, MEAN_ANSWER, NEW, ON_ROSTER, ON_ROSTER_BY_RULE,
    POLICING_SHARE, RETURNED, TOP_10_SHARE, Measure)

LIMIT_MS = 200
LOGIN = 'bench_dashboard'

# -------------------------------------------------------------------- the force

COLUMNS = ('source, source_ref, occurred_at, recorded_at, channel, number_raw, closing_code, district, answered_at, '
           'handling_seconds, disconnected, deployed')

CONTACT = f"""
SELECT 'feed ' || (h >> 40 & 3), g::text, at, CASE WHEN h >> 42 & 15 = 0 THEN now() ELSE at + interval '40 s' END,
    (enum_range(NULL::engage.contact_channel))[1 + floor(8 * power((h >> 3 & 65535) / 65536.0, 3))::int], {NUMBER},
    'R' || lpad(floor(30 * power((h >> 19 & 65535) / 65536.0, 2))::text, 2, '0'),
    'N' || lpad(floor(12 * power((h >> 35 & 1023) / 1024.0, 1.5))::text, 2, '0'),
    at + (h >> 45 & 63) * interval '1 s', 60 + (h >> 21 & 1023), h >> 51 & 15 = 0, h >> 55 & 3 = 0"""

DISTRICTS = """
INSERT INTO engage.district (district, label, csu)
SELECT 'N' || lpad(g::text, 2, '0'), 'District ' || g, 'CSU ' || g / 3 FROM generate_series(0, 11) g"""

CODES = """
INSERT INTO engage.incident_code (code, label, category, is_policing)
SELECT 'R' || lpad(g::text, 2, '0'), 'Type ' || g, 'Group ' || g / 5, g % 3 = 0 FROM generate_series(0, 29) g"""


def make_force(contacts):
    make_database()
    psql('CREATE EXTENSION engage', 'SELECT engage.setup()', DISTRICTS, CODES)
    copied = load(CONTACT + recent_contacts(contacts, 3 * 31536000), COLUMNS)
    refreshed = seconds('CALL engage.refresh(20000)')
    psql('SELECT engage.adopt_risk_factors()')
    psql('CALL engage.refresh(20000)')
    psql('VACUUM ANALYZE')
    psql('CHECKPOINT')
    psql(f"SELECT engage.set_up_bi_login('{LOGIN}')")
    say(f'COPY {copied:.0f} s, first refresh {refreshed:.0f} s.\n')


# ------------------------------------------------------------------ the queries


def sums(*columns):
    return [f'sum("rows"."{column}")' for column in columns]


CALLERS = ['count(distinct "rows"."caller_key")']
FACT = {measure: view for view, _, measure, *_ in MEASURES}
KEY = {dimension: key for key, dimension in DIMENSIONS.items()}

# What the connector has the server work out for each measure; divisions it does itself.
AGGREGATES = {
    ABANDONED: sums('daily_abandoned_count'),
    ABANDONED_SHARE: sums('daily_abandoned_count', 'daily_abandoned_known_count'),
    ANSWERED: sums('daily_answered_count'),
    ANSWERED_WITHIN_10S: sums('daily_answered_within_10s_count', 'daily_answered_count'),
    CALLERS_ONE_AWAY: CALLERS,
    CONTACTS: sums('daily_contact_count'),
    CONTACTS_28D: ['max("rows"."contacts_28d")'],
    CONTACTS_IN_THE_HOUR: sums('hourly_contact_count'),
    CONTACTS_OF_CALLER: sums('repeat_contact_count'),
    CONTACTS_OF_REPEAT_CALLERS: sums('monthly_repeat_contact_count'),
    CONTACTS_PREVIOUS_28D: ['max("rows"."contacts_previous_28d")'],
    DATA_AS_AT: ['max("rows"."data_as_at_local")'],
    DEPLOYMENTS: sums('daily_deployed_count'),
    DROPPED_OFF: sums('roster_dropped_count'),
    FAILED_SHARE: sums('failed_count', 'checked_count'),
    HANDLING_HOURS: sums('daily_handling_seconds'),
    INCIDENTS: sums('daily_incident_count'),
    MEAN_ANSWER: sums('daily_answer_seconds', 'daily_answered_count'),
    NEW: sums('roster_new_count'),
    ON_ROSTER: CALLERS,
    ON_ROSTER_BY_RULE: sums('roster_caller_count'),
    POLICING_SHARE: sums('daily_contact_count'),
    RETURNED: sums('roster_returned_count'),
    TOP_10_SHARE: ['max("rows"."top_10_caller_share")'],
}

# Measures with a filter of their own are asked for alone: (column, value).
FILTERED = {POLICING_SHARE: (('dim_contact_type', 'policing_demand'), 'Policing')}

SEARCH = """
select "_"."caller_pseudonym"
from (select "rows"."caller_pseudonym" from "engage_bi"."dim_caller" "rows"
    where "rows"."caller_pseudonym" like 'C-00%' group by "caller_pseudonym") "_"
order by 1 limit 101"""


def column_of(fact, view, column):
    alias = '$Outer' if view == fact else '$Date' if view == 'dim_date' else view
    return f'"{alias}"."{column}"'


def rows_of(fact, views):
    """A fact joined to dimensions, as the connector does it."""
    joined = [f'(select "_".* from "engage_bi"."{fact}" "_") "$Outer"']
    for view in dict.fromkeys(views):
        if view == 'dim_date':
            joined.append('inner join (select "_".* from "engage_bi"."dim_date" "_") "$Date"'
                          ' on "$Outer"."date_key" = "$Date"."date_key"')
        elif view != fact:
            joined.append(f'left outer join "engage_bi"."{view}" "{view}"'
                          f' on "$Outer"."{KEY[view]}" = "{view}"."{KEY[view]}"')
    return '\n        '.join(joined)


def folded(fact, aggregates, columns, filters, sort):
    """Sums of a fact by columns, which are (view, column); filters are (view, condition); cut where it is sorted."""
    shown = ''.join(f', {column_of(fact, *column)} as "c{i}"' for i, column in enumerate(columns))
    groups = [f'"rows"."c{i}"' for i in range(len(columns))]
    results = groups + [f'{aggregate} as "a{i}"' for i, aggregate in enumerate(aggregates)]
    return f"""
select "_".* from (
    select {', '.join(results)}
    from (
        select "$Outer".*{shown}
        from {rows_of(fact, [view for view, _ in columns + filters])}
        where {' and '.join(condition for _, condition in filters) or 'true'}) "rows"
    {'group by ' + ', '.join(groups) if groups else ''}) "_"
{f'order by "_"."a{aggregates.index(sort)}" desc limit 501' if sort in aggregates else 'limit 1000001'}"""


def listed(columns, filters):
    """Rows of a fact beside columns of dimensions."""
    fact = next(view for view, _ in columns if not view.startswith('dim_'))
    return f"""
select "_".* from (
    select {', '.join(column_of(fact, *column) for column in columns)}
        from {rows_of(fact, [view for view, _ in columns + filters])}
    where {' and '.join(condition for _, condition in filters) or 'true'}) "_"
order by 1 limit 501"""


def queries_of(visual, chosen, today):
    """What a visual asks: one query for each fact that it shows measures of."""
    fields = [field for fields in visual.fields.values() for field in fields]
    columns = [field for field in fields if not isinstance(field, Measure)]
    measures = [field for field in fields if isinstance(field, Measure)]
    if visual.kind == 'slicer':
        return [SEARCH]
    if not measures:
        return [listed(columns, chosen)]
    asked = {}
    for measure in measures:
        asked.setdefault((FACT[measure], FILTERED.get(measure)), []).extend(AGGREGATES[measure])
    sort = AGGREGATES[visual.sort][0] if visual.kind == 'tableEx' and visual.sort else None
    queries = []
    for (fact, filtered), aggregates in asked.items():
        filters = [*chosen, *((view, column_of(fact, view, column)) for view, column in visual.period)]
        groups = list(columns)
        if fact == 'fact_caller_snapshot':
            filters.append((fact, f'"$Outer"."date_key" = {today} and "$Outer"."snapshot_on_roster_count" = 1'))
        if filtered:
            (view, column), value = filtered
            groups.append((view, column))
            filters.append((view, f"{column_of(fact, view, column)} = '{value}'"))
        queries.append(folded(fact, list(dict.fromkeys(aggregates)), groups, filters, None if filtered else sort))
    return queries


def queries(caller, today):
    """(page, title, query) of all visuals; the page of a caller is of the one given."""
    for page, visuals in CONTENTS.items():
        chosen = [('dim_caller', f""""dim_caller"."caller_pseudonym" = '{caller}'""")] if page == CALLER_PROFILE else []
        for visual in visuals:
            if visual.fields:
                yield from ((page, visual.title, query) for query in queries_of(visual, chosen, today))


# --------------------------------------------------------------- what they take

BUSIEST = """
SELECT caller_pseudonym, date_key
FROM engage_bi.fact_caller_snapshot
JOIN engage_bi.dim_caller USING (caller_key)
WHERE is_latest
ORDER BY contacts_365d DESC
LIMIT 1"""

# A day of incremental refresh.
FIRST = datetime.date.today() - datetime.timedelta(days=30)
PART = f"""
select "_"."contact_key", "_"."date_key", "_"."caller_key"
from "engage_bi"."fact_contact" "_"
where "_"."contact_start_utc" >= timestamp '{FIRST} 00:00:00'
    and "_"."contact_start_utc" < timestamp '{FIRST + datetime.timedelta(days=1)} 00:00:00'"""


def measure_visuals():
    """Time each visual; return the titles of those that take too long."""
    rows, slow = [('page', 'query', 'rows', 'ms')], []
    for page, title, query in queries(*psql(BUSIEST).split('|')):
        found = psql(f'select count(*) from ({query}) c', login=LOGIN)
        best = min(timed(*[query] * 4, login=LOGIN)[1][-3:]) * 1000
        rows.append((page, title, found, f'{best:.0f}'))
        if best > LIMIT_MS:
            slow.append(title)
    table(rows)
    return slow


def measure_import():
    """Time what Import reads; return whether the filter of incremental refresh uses its index."""
    by_index = 'contact_occurred_utc' in psql(f'EXPLAIN {PART}', login=LOGIN)
    part = seconds(PART, PART, login=LOGIN) * 1000
    say(f'A day loaded by contact_start_utc: {part:.0f} ms, '
        f'{"by the index contact_occurred_utc" if by_index else "WITHOUT AN INDEX"}.')
    views = psql("SELECT viewname FROM pg_views WHERE schemaname = 'engage_bi' AND viewname <> 'fact_contact'").split()
    whole = {view: seconds(f"COPY (SELECT * FROM engage_bi.{view}) TO '/dev/null'") for view in views}
    slowest = max(whole, key=whole.get)
    say(f'All other views read whole, as Import does: {sum(whole.values()):.0f} s, of which {slowest} '
        f'{whole[slowest]:.0f} s.')
    return by_index


def measure_refresh(new):
    """Refreshes after contacts of now, of numbers known and not."""
    times = []
    for batch in range(5):
        psql(f"""
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, handling_seconds)
SELECT 'new', '{new} {batch} ' || g, now(), '101_voice',
    '01632' || lpad((hashint8extended(g, {batch}) & 131071)::text, 6, '0'), 300
FROM generate_series(1, {new}) g""")
        times.append(seconds('CALL engage.refresh()') * 1000)
    say(f'Refresh after {new:,} new contacts: {statistics.median(times):.0f} ms median, '
        f'{max(times):.0f} ms at most of 5.')


def measure(contacts):
    say(f'## {contacts:,} contacts\n')
    make_force(contacts)
    slow = measure_visuals()
    by_index = measure_import()
    for new in (1000, 1):
        measure_refresh(new)
    roster, daily, hourly = (psql(f'SELECT count(*) FROM engage.{name}')
                             for name in ('roster', 'daily_count', 'hourly_count'))
    say(f'Roster: {roster} spells; daily_count {daily} rows, hourly_count {hourly}.')
    say(f'Over {LIMIT_MS} ms: {", ".join(slow) or "none"}.\n')
    return by_index and not slow


def main():
    say(machine() + '\n')
    return 0 if all([measure(contacts) for contacts in sizes()]) else 1


if __name__ == '__main__':
    sys.exit(main())
