"""What the folded queries of the report's pages take on a large force.

Usage: script/bench bi [CONTACTS ...]   (default: 1000000 10000000)

Contacts of three years up to now, 0.18 callers a contact, each active for a
time of their own; 12 districts, 30 codes and 8 channels, unevenly used.  There is
a query for each visual of powerbi/pages.py, under its filter, in the
shapes that Power BI's connector sends, run by a login as set_up_bi_login()
makes it, on one connection each, best of three after one to warm up.  Exits 1
if one takes longer than it may, or the filter of incremental refresh finds no
index.
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

def folded(fact, measures, groups, where='true', date=True, callers=False):
    """A fact, filtered and joined to dimensions, as DirectQuery folds it; groups: (dimension, key, column), the key None for the fact's own."""
    joined = {dimension: key for dimension, key, _ in groups if key and key != 'date_key'}
    if callers:
        joined['dim_caller'] = 'caller_key'
    columns = ', '.join(f'"{"$Date" if key == "date_key" else dimension if key else "$Outer"}"."{column}" as "c{i}"' for i, (dimension, key, column) in enumerate(groups))
    inner = f'select "$Outer".*{", " + columns if groups else ""} from (select "_".* from "engage_bi"."{fact}" "_") "$Outer"'
    if date or any(key == 'date_key' for _, key, _ in groups):
        inner += ' inner join (select "_".* from "engage_bi"."dim_date" "_") "$Date" on "$Outer"."date_key" = "$Date"."date_key"'
    for dimension, key in joined.items():
        inner += f' left outer join "engage_bi"."{dimension}" "{dimension}" on "$Outer"."{key}" = "{dimension}"."{key}"'
    names = ', '.join(f'"rows"."c{i}"' for i in range(len(groups)))
    sums = ', '.join(f'{measure} as "a{i}"' for i, measure in enumerate(measures))
    return (f'select "_".* from (select {names + ", " if names else ""}{sums} from ({inner} where {where}) "rows"' + (f' group by {names}' if names else '') + ') "_" limit 1000001')


LAST_YEAR = '"$Date"."is_last_13_months"'
LAST_28 = '"$Date"."is_last_28_days"'
LAST_28_WHOLE = LAST_28 + ' and "$Date"."is_over"'
TODAY = '"$Outer"."date_key" = %(today)s and "$Outer"."snapshot_on_roster_count" = 1'
CALLER = '"dim_caller"."caller_pseudonym" = \'%(caller)s\''
DATE = lambda column: ('dim_date', 'date_key', column)  # noqa: E731
CALLERS, HOUR, RULE = 'count(distinct "rows"."caller_key")', ('dim_time', 'time_key', 'hour_label'), ('dim_rule', 'rule_key', 'rule_label')

DISTRICT = [('dim_district', 'district_key', 'district_name'), ('dim_district', 'district_key', 'csu_name')]


def listed(fact, columns, joins, where='true', order='1', chosen='true'):
    """Rows of a fact beside columns of dimensions, as a table visual folds it."""
    inner = f'select {", ".join(columns)} from (select "_".* from "engage_bi"."{fact}" "_" where {where}) "$Outer"'
    for dimension, key in joins:
        inner += f' left outer join "engage_bi"."{dimension}" "{dimension}" on "$Outer"."{key}" = "{dimension}"."{key}"'
    return f'select "_".* from ({inner} where {chosen}) "_" order by {order} limit 501'


# page, visual of powerbi/pages.py, query
QUERIES = [
    ('Overview', 'Contacts in 28 days', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")'], [], LAST_28)),
    ('Overview', 'On the roster', folded('fact_caller_snapshot', [CALLERS], [], TODAY, date=False)),
    ('Overview', 'One contact away', folded('fact_one_contact_away', [CALLERS], [], date=False)),
    ('Overview', 'Data as at', 'select max("rows"."data_as_at_local") as "a0" from "engage_bi"."meta_refresh" "rows" limit 1000001'),
    ('Overview', 'Contacts by month and channel group', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")'], [DATE('month_start'), ('dim_channel', 'channel_key', 'channel_group')], LAST_YEAR)),
    ('Overview', 'New, returned and dropped off by week', folded('fact_roster_daily', ['sum("rows"."roster_new_count")', 'sum("rows"."roster_returned_count")', 'sum("rows"."roster_dropped_count")'], [DATE('week_start')], LAST_YEAR)),
    ('Overview', 'Share of the top ten callers', folded('fact_concentration_monthly', ['max("rows"."top_10_caller_share")'], [DATE('month_start')], LAST_YEAR)),
    ('Repeat callers', 'The roster, most contacts first', listed('fact_caller_snapshot', ['"caller_pseudonym"', '"rule_label"', '"roster_status"', 'max("contacts_28d") as "a0"', 'max("contacts_previous_28d") as "a1"'],
        [('dim_caller', 'caller_key'), ('dim_rule', 'rule_key')], '"_"."date_key" = %(today)s and "_"."snapshot_on_roster_count" = 1', '"_"."a0" desc').replace('where true', 'group by 1, 2, 3')),
    ('Repeat callers', 'On the roster by day and rule', folded('fact_roster_daily', ['sum("rows"."roster_caller_count")'], [DATE('full_date'), RULE], LAST_YEAR)),
    ('Repeat callers', 'On the roster by band of contacts', folded('fact_caller_snapshot', [CALLERS], [('dim_band', 'band_key', 'band_name')], TODAY, date=False)),
    ('Repeat callers', 'One contact away', listed('fact_one_contact_away', ['"caller_pseudonym"', '"rule_label"', '"missing_criterion"', '"window_lapses_local"'], [('dim_caller', 'caller_key'), ('dim_rule', 'rule_key')])),
    ('Caller profile', 'Caller', 'select "_"."caller_pseudonym" from (select "rows"."caller_pseudonym" from "engage_bi"."dim_caller" "rows" where "rows"."caller_pseudonym" like \'C-00%%\' group by "caller_pseudonym") "_" order by 1 limit 101'),
    ('Caller profile', 'Contacts by week and channel', folded('fact_caller_contact', ['sum("rows"."repeat_contact_count")'], [DATE('week_start'), ('dim_channel', 'channel_key', 'channel_name')], CALLER, callers=True)),
    ('Caller profile', 'Contacts by hour and weekday', folded('fact_caller_contact', ['sum("rows"."repeat_contact_count")'], [HOUR, DATE('day_name')], CALLER, callers=True)),
    ('Caller profile', 'Flags', listed('fact_flag', ['"rule_label"', '"flag_met_local"', '"flag_ended_local"', '"is_withdrawn"'], [('dim_rule', 'rule_key'), ('dim_caller', 'caller_key')], chosen=CALLER)),
    ('Caller profile', 'Scores and natures', listed('fact_risk', ['"risk_tier"', '"caller_natures"', '"is_repeat_victim"', '"is_vulnerable"', '"risk_as_of_utc"'], [('dim_caller', 'caller_key')], chosen=CALLER)),
    ('Demand by hour', 'Contacts by hour and weekday, 13 months', folded('fact_contact_hourly', ['sum("rows"."hourly_contact_count")'], [HOUR, DATE('day_name')], LAST_YEAR)),
    ('Demand by hour', 'Contacts by hour, 13 months', folded('fact_contact_hourly', ['sum("rows"."hourly_contact_count")'], [HOUR], LAST_YEAR)),
    ('Demand by hour', 'Contacts by shift, 13 months', folded('fact_contact_hourly', ['sum("rows"."hourly_contact_count")'], [('dim_time', 'time_key', 'shift_name')], LAST_YEAR)),
    ('Channels', 'Contacts by channel, 28 days', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")'], [('dim_channel', 'channel_key', 'channel_name')], LAST_28)),
    ('Channels', 'Answered within 10 seconds, emergency calls', folded('fact_contact_daily', ['sum("rows"."daily_answered_within_10s_count")', 'sum("rows"."daily_answered_count")'], [DATE('month_start'), ('dim_channel', 'channel_key', 'channel_group')], LAST_YEAR)),
    ('Channels', 'Service by channel, 28 days', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")', 'sum("rows"."daily_answered_count")', 'sum("rows"."daily_answer_seconds")', 'sum("rows"."daily_abandoned_count")'], [('dim_channel', 'channel_key', 'channel_name')], LAST_28)),
    ('Channels', 'What it is about, 28 days', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")', 'sum("rows"."daily_handling_seconds")', 'sum("rows"."daily_incident_count")', 'sum("rows"."daily_deployed_count")'], [('dim_contact_type', 'contact_type_key', 'contact_type_group'), ('dim_contact_type', 'contact_type_key', 'contact_type_name')], LAST_28)),
    ('Places', 'Contacts by district, 28 days', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")'], [('dim_district', 'district_key', 'district_name')], LAST_28)),
    ('Places', 'On the roster by Community Safety Unit', folded('fact_caller_snapshot', [CALLERS], [('dim_district', 'district_key', 'csu_name')], TODAY, date=False)),
    ('Places', 'Districts, 28 days', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")', 'sum("rows"."daily_handling_seconds")'], DISTRICT, LAST_28)),
    ('Places', 'Districts, 28 days', folded('fact_contact_daily', ['sum("rows"."daily_contact_count")'], [*DISTRICT, ('dim_contact_type', 'contact_type_key', 'policing_demand')], LAST_28 + ' and "dim_contact_type"."policing_demand" = \'Policing\'')),
    ('Places', 'Districts, 28 days', folded('fact_caller_snapshot', [CALLERS], DISTRICT, f'{TODAY} and {LAST_28}')),
    ('Interventions', 'Returned and dropped off by month', folded('fact_roster_daily', ['sum("rows"."roster_returned_count")', 'sum("rows"."roster_dropped_count")'], [DATE('month_start')], LAST_YEAR)),
    ('Interventions', 'Contacts of repeat callers', folded('fact_repeat_caller_monthly', ['sum("rows"."monthly_repeat_contact_count")'], [DATE('month_start'), RULE], LAST_YEAR)),
    ('Data quality', 'Freshness', 'select "$Table".* from "engage_bi"."meta_refresh" "$Table" limit 1000001'),
    ('Data quality', 'Failed share by check and system, 28 days', folded('meta_data_quality', ['sum("rows"."failed_count")', 'sum("rows"."checked_count")'], [('meta_data_quality', None, 'check_name'), ('dim_feed', 'feed_key', 'feed_name')], LAST_28)),
    ('Data quality', 'Failed share by day and check, to yesterday', folded('meta_data_quality', ['sum("rows"."failed_count")', 'sum("rows"."checked_count")'], [('meta_data_quality', None, 'check_name'), DATE('full_date')], LAST_28_WHOLE)),
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
    psql('CHECKPOINT')
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
    caller, today = psql('SELECT caller_pseudonym, date_key FROM engage_bi.fact_caller_snapshot JOIN engage_bi.dim_caller USING (caller_key) WHERE is_latest ORDER BY contacts_365d DESC LIMIT 1')[0].split('|')
    slow = []
    say('| page | query | rows | ms |\n|---|---|---|---|')
    for page, name, query in QUERIES:
        query = query % {'caller': caller, 'today': today}
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
    views = psql("SELECT viewname FROM pg_views WHERE schemaname = 'engage_bi' AND viewname <> 'fact_contact' ORDER BY 1")[0].split()
    whole = {view: psql(f"COPY (SELECT * FROM engage_bi.{view}) TO '/dev/null'")[1][0] / 1000 for view in views}
    slowest = max(whole, key=whole.get)
    say(f'All other views read whole, as Import does: {sum(whole.values()):.0f} s, of which {slowest} {whole[slowest]:.0f} s.')
    for new in (1000, 1):
        times = after(new)
        say(f'Refresh after {new:,} new contacts: {times[2]:.0f} ms median, {times[-1]:.0f} ms at most of 5.')
    say(f'Roster: {psql("SELECT count(*) FROM engage.roster")[0]} spells; daily_count {psql("SELECT count(*) FROM engage.daily_count")[0]} rows, hourly_count {psql("SELECT count(*) FROM engage.hourly_count")[0]}.')
    say(f'Over {LIMIT_MS} ms: {", ".join(slow) or "none"}.\n')
    return by_index and not slow


def visuals():
    """The visuals of the report that ask the database, and what they filter by."""
    sys.path.insert(0, os.environ['ENGAGE_ROOT'])
    sys.dont_write_bytecode = True
    from powerbi.pages import CONTENTS
    return {(page, visual.title, tuple(column for _, column in visual.period))
            for page, visuals in CONTENTS.items() for visual in visuals if visual.fields}


def main():
    if visuals() != {(page, title, tuple(dict.fromkeys(re.findall(r'\bis_(?:last_\w+|over)', query)))) for page, title, query in QUERIES}:
        sys.exit('bi.py and powerbi/pages.py do not have the same visuals, under the same filters')
    say(f"PostgreSQL {psql('SHOW server_version', database='postgres')[0]}, {os.cpu_count()} processors\n")
    sys.exit(0 if all([measure(contacts) for contacts in [int(argument) for argument in sys.argv[1:]] or [1000000, 10000000]]) else 1)


main()
