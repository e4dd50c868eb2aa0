"""What the folded queries of the report's pages take on a large force.

Usage: script/bench bi [CONTACTS ...]   (default: 1000000 10000000)

Contacts of three years up to now, 0.18 callers a contact, each active for a
time of their own; 12 districts, 30 codes and 8 channels, unevenly used.  The
queries are in the shapes that Power BI's connector sends, run by a login as
set_up_bi_login() makes it, on one connection each, best of three after one to
warm up.  Exits 1 if one takes longer than it may, or the filter of incremental
refresh finds no index.
"""
import os
import re
import subprocess
import sys

DATABASE = 'bi'
LIMIT_MS = 200

CONTACT = """
SELECT 'feed ' || (h >> 40 & 3), g::text, at, CASE WHEN h >> 42 & 15 = 0 THEN now() ELSE at + interval '40 s' END,
    (enum_range(NULL::engage.contact_channel))[1 + floor(8 * power((h >> 3 & 65535) / 65536.0, 3))::int],
    '0' || CASE WHEN caller < 1000000 THEN 1632 ELSE 1222 END || lpad((caller %% 1000000)::text, 6, '0'),
    'R' || lpad(floor(30 * power((h >> 19 & 65535) / 65536.0, 2))::text, 2, '0'), 'N' || lpad(floor(12 * power((h >> 35 & 1023) / 1024.0, 1.5))::text, 2, '0'),
    at + (h >> 45 & 63) * interval '1 s', 60 + (h >> 21 & 1023), h >> 51 & 15 = 0, h >> 55 & 3 = 0
FROM (SELECT %(n)s::bigint AS n, (%(n)s * 0.18)::bigint AS callers) s,
    LATERAL generate_series(1, n) g,
    LATERAL (SELECT (hashint8extended(g, 1) & 9007199254740991) / 9007199254740992.0::float8 AS u, hashint8extended(g, 4) & 9223372036854775807 AS h) u,
    LATERAL (SELECT CASE WHEN g <= callers THEN (g * 7919) %% callers ELSE floor(callers * power(u.u, 3)) END::bigint AS caller) c,
    LATERAL (SELECT 1 + (hashint8extended(caller, 6) & 2147483647) %% 94608000 AS start, 31536000 * power((hashint8extended(caller, 7) & 65535) / 65536.0, 2) AS span) a,
    LATERAL (SELECT date_trunc('minute', now()) - (start * (1 - (hashint8extended(g, 2) & 1048575) / 1048576.0 * least(1, span / start))) * interval '1 s' AS at) t"""

COLUMNS = 'source, source_ref, occurred_at, recorded_at, channel, number_raw, closing_code, district, answered_at, handling_seconds, disconnected, deployed'

# A fact filtered and joined to dimensions, as DirectQuery folds it.
def folded(fact, measures, groups, where='true', date=True, order=None):
    """groups: (dimension, key, column) of each column that is grouped by."""
    inner = f'select "$Outer".*{", " + ", ".join(f"d{i}.{c}" for i, (_, _, c) in enumerate(groups)) if groups else ""} from (select "_".* from "engage_bi"."{fact}" "_") "$Outer"'
    if date:
        inner += ' inner join (select "_".* from "engage_bi"."dim_date" "_") "$Date" on "$Outer"."date_key" = "$Date"."date_key"'
    for i, (dimension, key, _) in enumerate(groups):
        inner += f' left outer join "engage_bi"."{dimension}" d{i} on "$Outer"."{key}" = d{i}."{key}"'
    inner += f' where {where}'
    names = [f'"{c}"' for _, _, c in groups]
    listed = ', '.join(f'"rows".{n}' for n in names)
    sums = ', '.join(f'{m} as "a{i}"' for i, m in enumerate(measures))
    return (f'select {", ".join(names + [f"{chr(34)}a{i}{chr(34)}" for i in range(len(measures))])} from (select {listed + ", " if names else ""}{sums} from ({inner}) "rows"'
            + (f' group by {listed}' if names else '') + ') "_"' + (f' order by {order}' if order else '') + ' limit 1000001')


LAST_YEAR = '"$Date"."is_last_13_months"'
LAST_28 = '"$Date"."is_last_28_days"'
DATE = lambda column: ('dim_date', 'date_key', column)  # noqa: E731

QUERIES = [
    ('Overview', 'freshness', 'select "$Table".* from "engage_bi"."meta_refresh" "$Table" limit 1000001'),
    ('Overview', 'contacts of 28 days', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")', 'sum("rows"."daily_handling_seconds")'], [], LAST_28)),
    ('Overview', 'contacts by month and channel group', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")'], [DATE('month_start'), ('dim_channel', 'channel_key', 'channel_group')], LAST_YEAR)),
    ('Overview', 'new and on the roster today', folded('fact_caller_snapshot', ['sum("rows"."snapshot_new_count")', 'sum("rows"."snapshot_on_roster_count")'], [('dim_rule', 'rule_key', 'rule_label')], '"$Outer"."is_latest"')),
    ('Overview', 'roster by day of 28 days', folded('fact_caller_snapshot', ['sum("rows"."snapshot_on_roster_count")'], [DATE('full_date')], LAST_28)),
    ('Overview', 'one contact away', 'select "rows"."rule_key" as "rule_key", count(distinct("rows"."caller_key")) as "a0" from "engage_bi"."fact_one_contact_away" "rows" group by "rule_key" limit 1000001'),
    ('Overview', 'concentration by month', folded('fact_concentration_monthly', ['max("rows"."top_10_caller_share")', 'max("rows"."gini_coefficient")'], [DATE('month_start')], LAST_YEAR)),
    ('Repeat callers', 'repeat callers by month', folded('fact_repeat_caller_monthly', ['sum("rows"."monthly_repeat_caller_count")', 'sum("rows"."monthly_repeat_contact_count")'], [DATE('month_start'), ('dim_rule', 'rule_key', 'rule_label')], LAST_YEAR)),
    ('Repeat callers', 'table of the roster, most contacts first', 'select "_"."caller_pseudonym", "_"."a0", "_"."a1" from (select "rows"."caller_pseudonym" as "caller_pseudonym", sum("rows"."contacts_28d") as "a0", sum("rows"."contacts_7d") as "a1" from (select "$Outer"."contacts_28d", "$Outer"."contacts_7d", "$Inner"."caller_pseudonym" from (select "_".* from "engage_bi"."fact_caller_snapshot" "_" where "_"."is_latest" and "_"."rule_key" = 1) "$Outer" left outer join "engage_bi"."dim_caller" "$Inner" on "$Outer"."caller_key" = "$Inner"."caller_key") "rows" group by "caller_pseudonym") "_" where not "_"."a0" is null order by "_"."a0" desc limit 501'),
    ('Caller profile', 'contacts of a caller by day', folded('fact_contact', ['sum("rows"."contact_count")'], [DATE('full_date')], '"$Outer"."caller_key" = %(caller)s')),
    ('Caller profile', 'contacts of a caller by hour and channel', folded('fact_contact', ['sum("rows"."contact_count")'], [('dim_time', 'time_key', 'hour_label'), ('dim_channel', 'channel_key', 'channel_name')], '"$Outer"."caller_key" = %(caller)s', date=False)),
    ('Caller profile', 'flags of a caller', 'select "_"."flag_met_local", "_"."flag_contact_count" from "engage_bi"."fact_flag" "_" where "_"."caller_key" = %(caller)s order by "_"."flag_met_local" desc limit 501'),
    ('Caller profile', 'scores of a caller', 'select "_"."risk_tier", "_"."caller_natures" from "engage_bi"."fact_risk" "_" where "_"."caller_key" = %(caller)s limit 501'),
    ('Demand by hour and weekday', 'hour and weekday, 13 months', folded('fact_contact_hourly', ['sum("rows"."hourly_contact_count")'], [('dim_time', 'time_key', 'hour_label'), DATE('day_name')], LAST_YEAR)),
    ('Channels', 'answering by channel, 13 months', folded('fact_contact_daily', ['sum("rows"."daily_answered_count")', 'sum("rows"."daily_answered_within_10s_count")', 'sum("rows"."daily_answer_seconds")'], [('dim_channel', 'channel_key', 'channel_name')], LAST_YEAR)),
    ('Channels', 'types, 13 months', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")', 'sum("rows"."daily_handling_seconds")'], [('dim_contact_type', 'contact_type_key', 'contact_type_name')], LAST_YEAR)),
    ('Places', 'districts by month', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")'], [('dim_district', 'district_key', 'district_name'), DATE('month_start')], LAST_YEAR)),
    ('Places', 'repeat callers by unit', folded('fact_caller_snapshot', ['sum("rows"."snapshot_on_roster_count")'], [('dim_district', 'district_key', 'csu_name')], '"$Outer"."is_latest"')),
    ('Interventions', 'returned and dropped by month', folded('fact_repeat_caller_monthly', ['sum("rows"."monthly_returned_caller_count")', 'sum("rows"."monthly_dropped_caller_count")'], [DATE('month_start')], LAST_YEAR)),
    ('Data quality', 'checks by feed, 28 days', folded('meta_data_quality', ['sum("rows"."failed_count")', 'sum("rows"."checked_count")'], [('dim_feed', 'feed_key', 'feed_name')], LAST_28)),
    ('Data quality', 'last contact by feed', folded('fact_feed_daily', ['max("rows"."feed_last_contact_local")'], [('dim_feed', 'feed_key', 'feed_name')], LAST_28)),
]

PART = """select "_"."contact_key", "_"."date_key", "_"."caller_key" from "engage_bi"."fact_contact" "_"
where "_"."contact_start_utc" >= timestamp '%(day)s 00:00:00' and "_"."contact_start_utc" < timestamp '%(next)s 00:00:00'"""


def psql(*statements, database=DATABASE, login=None):
    """Run statements on one connection; return the last one's output and each one's milliseconds."""
    command = ['psql', '-qAtX', '-v', 'ON_ERROR_STOP=1', '-d', database]
    if login:
        command += ['-U', login]
    for statement in (r'\timing on', *statements):
        command += ['-c', statement]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.sub(r'^Time: .*\n?', '', out, flags=re.M).strip(), [float(ms) for ms in re.findall(r'^Time: ([\d.]+) ms', out, re.M)]


def say(*parts):
    print(*parts, flush=True)


def load(contacts):
    subprocess.run(['dropdb', '--if-exists', '--force', DATABASE], check=True, capture_output=True)
    subprocess.run(['createdb', DATABASE], check=True)
    psql('CREATE EXTENSION engage')
    psql('SELECT engage.setup()')
    psql("""INSERT INTO engage.district (district, label, csu) SELECT 'N' || lpad(g::text, 2, '0'), 'District ' || g, 'CSU ' || g / 3 FROM generate_series(0, 11) g""")
    psql("""INSERT INTO engage.incident_code (code, label, category, is_policing) SELECT 'R' || lpad(g::text, 2, '0'), 'Type ' || g, 'Group ' || g / 5, g % 3 = 0 FROM generate_series(0, 29) g""")
    path = os.path.join(os.environ['ENGAGE_RESULTS'], 'load.csv')
    psql(rf"\copy ({(CONTACT % {'n': contacts}).replace(chr(10), ' ')}) TO '{path}' (FORMAT csv)")
    copied = psql(rf"\copy engage.contact ({COLUMNS}) FROM '{path}' (FORMAT csv)")[1][0]
    os.remove(path)
    refreshed = psql('CALL engage.refresh(20000)')[1][0]
    psql('SELECT engage.adopt_risk_factors()')
    psql('CALL engage.refresh(20000)')
    psql('VACUUM ANALYZE')
    psql("SELECT engage.set_up_bi_login('bench_dashboard')")
    say(f'COPY {copied / 1000:.0f} s, first refresh {refreshed / 1000:.0f} s.\n')


def after(new):
    """Milliseconds of refreshes after so many new contacts of now."""
    seconds = []
    for batch in range(5):
        psql(f"""INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, handling_seconds)
            SELECT 'new', '{new} {batch} ' || g, now(), '101_voice', '01632' || lpad((hashint8extended(g, {batch}) & 131071)::text, 6, '0'), 300 FROM generate_series(1, {new}) g""")
        seconds.append(psql('CALL engage.refresh()')[1][0])
    return sorted(seconds)


def measure(contacts):
    say(f'## {contacts:,} contacts\n')
    load(contacts)
    caller = psql('SELECT caller_key FROM engage_bi.fact_caller_snapshot WHERE is_latest ORDER BY contacts_365d DESC LIMIT 1')[0]
    slow = []
    say('| page | query | rows | ms |\n|---|---|---|---|')
    for page, name, query in QUERIES:
        query = query % {'caller': caller} if '%(caller)s' in query else query
        rows, _ = psql(f'select count(*) from ({query}) c', login='bench_dashboard')
        best = min(psql(*[query] * 4, login='bench_dashboard')[1][-3:])
        say(f'| {page} | {name} | {rows} | {best:.0f} |')
        if best > LIMIT_MS:
            slow.append(name)
    day, following = psql("SELECT current_date - 30, current_date - 29")[0].split('|')
    plan = psql('EXPLAIN ' + PART % {'day': day, 'next': following}, login='bench_dashboard')[0]
    by_index = 'contact_occurred_utc' in plan
    part = psql(*[PART % {'day': day, 'next': following}] * 2, login='bench_dashboard')[1][-1]
    say(f'\nA day loaded by contact_start_utc: {part:.0f} ms, {"by the index contact_occurred_utc" if by_index else "WITHOUT AN INDEX"}.')
    for new in (1000, 1):
        times = after(new)
        say(f'Refresh after {new:,} new contacts: {times[2]:.0f} ms median, {times[-1]:.0f} ms at most of 5.')
    say(f'Roster: {psql("SELECT count(*) FROM engage.roster")[0]} spells; daily_count {psql("SELECT count(*) FROM engage.daily_count")[0]} rows, hourly_count {psql("SELECT count(*) FROM engage.hourly_count")[0]}.')
    say(f'Over {LIMIT_MS} ms: {", ".join(slow) or "none"}.\n')
    return by_index and not slow


def main():
    say(f"PostgreSQL {psql('SHOW server_version', database='postgres')[0]}, {os.cpu_count()} processors\n")
    sys.exit(0 if all([measure(contacts) for contacts in [int(argument) for argument in sys.argv[1:]] or [1000000, 10000000]]) else 1)


main()
