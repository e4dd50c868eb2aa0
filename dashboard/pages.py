"""What the dashboard shows: datasets, and pages of charts.

generate.py makes Superset's export out of it.  Titles and measures are named in report/labels.py.  Columns are
described by the catalogue's comments on the views of engage_bi; no column but keys is in two views, so a column's
name says which comment it has.
"""
from report.labels import (
    ABANDONED_SHARE, ANSWERED_WITHIN_10S, CALLERS_ONE_AWAY, CALLERS_SCORED, CALLER_PROFILE, CHANNELS, CHECKED,
    CHOSEN_CALLER, CONTACTS, CONTACTS_28D, CONTACTS_BY_CHANNEL, CONTACTS_BY_DISTRICT, CONTACTS_BY_HOUR_AND_WEEKDAY,
    CONTACTS_BY_SHIFT, CONTACTS_BY_WEEK_AND_CHANNEL, CONTACTS_OF_28_DAYS, CONTINUING, DATA_AS_AT, DATA_QUALITY, DEMAND,
    DEPLOYED_SHARE, DISTRICTS, DROPPED_OFF, EMERGENCY_ANSWERS, FAILED, FAILED_SHARE, FAILED_SHARE_BY_DAY, FLAGS,
    FLAGS_OF_CALLER, FOR_SORTING, FRESHNESS, HANDLING_HOURS, INTERVENTIONS, IN_28_DAYS, LAST_CONTACT, LAST_LOADED,
    MEAN_ANSWER, NEW, ONE_CONTACT_AWAY, ON_ROSTER, ON_ROSTER_BY_BAND, ON_ROSTER_BY_DAY, ON_ROSTER_BY_RULE, OVERVIEW,
    PLACES, REPEAT_CALLERS, REPEAT_SHARE, RETURNED, ROSTER, ROSTER_BY_WEEK, SCORES, SERVICE_BY_CHANNEL, TOP_10_SHARE,
    TOP_1_PERCENT_SHARE, TOP_5_PERCENT_SHARE, WHAT_IT_IS_ABOUT)

DATE = 'JOIN engage_bi.dim_date d USING (date_key)'
TIME = 'JOIN engage_bi.dim_time h USING (time_key)'
CHANNEL = 'JOIN engage_bi.dim_channel c USING (channel_key)'
TYPE = 'JOIN engage_bi.dim_contact_type t USING (contact_type_key)'
DISTRICT = 'JOIN engage_bi.dim_district p USING (district_key)'
CALLER = 'JOIN engage_bi.dim_caller k USING (caller_key)'
RULE = 'JOIN engage_bi.dim_rule r USING (rule_key)'
FEED = 'JOIN engage_bi.dim_feed s USING (feed_key)'
# Charts sort by text: the lower a band, the more spaces are in front of its name.
BAND = (
    "JOIN (SELECT band_key, band_name, repeat(' ', (max(band_key) OVER () - band_key)::integer) || band_name AS"
    " band_in_order\n    FROM engage_bi.dim_band) b USING (band_key)"
)


def select(fact, columns, *joins):
    return '\n'.join([f'SELECT {columns}', f'FROM engage_bi.{fact} f', *joins])


# name: description, column that time filters use, SQL, {metric: (measure, expression, format)}
DATASETS = {
    'contact_daily': (
        'Contacts of a day, channel, type and district.',
        'full_date',
        select(
            'fact_contact_daily',
            'd.full_date, d.week_start, d.month_start, d.is_last_28_days, d.is_over, c.channel_name, c.channel_group,\n'
            '    c.is_emergency, t.contact_type_name, t.policing_demand, p.district_name, p.csu_name,\n'
            '    f.daily_contact_count, f.daily_answered_count, f.daily_answered_within_10s_count,\n'
            '    f.daily_abandoned_count, f.daily_abandoned_known_count, f.daily_answer_seconds,\n'
            '    f.daily_handling_seconds, f.daily_deployed_count, f.daily_deployed_known_count',
            DATE, CHANNEL, TYPE, DISTRICT,
        ),
        {
            'contacts': (CONTACTS, 'SUM(daily_contact_count)', ',d'),
            'answered_within_10s': (
                ANSWERED_WITHIN_10S,  # a standard of emergency calls alone
                'SUM(daily_answered_within_10s_count) FILTER (WHERE is_emergency)::float8'
                ' / NULLIF(SUM(daily_answered_count) FILTER (WHERE is_emergency), 0)',
                '.1%',
            ),
            'mean_answer': (
                MEAN_ANSWER, 'SUM(daily_answer_seconds) / NULLIF(SUM(daily_answered_count), 0)', ',.1f',
            ),
            'abandoned': (
                ABANDONED_SHARE, 'SUM(daily_abandoned_count)::float8 / NULLIF(SUM(daily_abandoned_known_count), 0)',
                '.1%',
            ),
            'deployed': (
                DEPLOYED_SHARE, 'SUM(daily_deployed_count)::float8 / NULLIF(SUM(daily_deployed_known_count), 0)', '.1%',
            ),
            'handling_hours': (HANDLING_HOURS, 'NULLIF(SUM(daily_handling_seconds), 0) / 3600', ',.0f'),
        },
    ),
    'contact_hourly': (
        'Contacts of an hour of the day, day, channel and district.',
        'full_date',
        select(
            'fact_contact_hourly',
            "d.full_date, d.is_last_28_days, d.day_of_week || ' ' || left(d.day_name, 3) AS weekday,\n"
            "    left(h.hour_label, 2) AS hour, h.shift_name, c.channel_name, c.channel_group, p.district_name,\n"
            "    f.hourly_contact_count, f.hourly_answered_count, f.hourly_answer_seconds, f.hourly_handling_seconds",
            DATE, TIME, CHANNEL, DISTRICT,
        ),
        {
            'contacts': (CONTACTS, 'SUM(hourly_contact_count)', ',d'),
            'handling_hours': (HANDLING_HOURS, 'NULLIF(SUM(hourly_handling_seconds), 0) / 3600', ',.0f'),
        },
    ),
    'repeat_share': (
        'Contacts of the last 28 days, all and those of callers who are on the roster of any rule today, by day, '
        'channel and district.',
        'full_date',
        """SELECT d.full_date, c.channel_name, c.channel_group, p.district_name, f.all_count, f.repeat_count
FROM (
    SELECT date_key, channel_key, district_key, daily_contact_count AS all_count, 0 AS repeat_count
    FROM engage_bi.fact_contact_daily
    UNION ALL
    SELECT n.date_key, n.channel_key, n.district_key, 0, n.repeat_contact_count
    FROM (SELECT DISTINCT caller_key FROM engage_bi.fact_caller_snapshot
        WHERE is_latest AND snapshot_on_roster_count = 1) o
    -- caller by caller, for else all contacts are read
    CROSS JOIN LATERAL (SELECT * FROM engage_bi.fact_caller_contact x WHERE x.caller_key = o.caller_key OFFSET 0) n
) f
""" + '\n'.join([DATE, CHANNEL, DISTRICT, 'WHERE d.is_last_28_days']),
        {
            'repeat_share': (
                REPEAT_SHARE, 'SUM(repeat_count)::float8 / NULLIF(SUM(all_count), 0)', '.1%',
            ),
        },
    ),
    'caller_contact': (
        'Contacts of callers who were ever on the roster. Ask for a caller: it is read caller by caller.',
        'full_date',
        """SELECT d.full_date, d.week_start, d.day_of_week || ' ' || left(d.day_name, 3) AS weekday,
    left(h.hour_label, 2) AS hour, c.channel_name, c.channel_group, t.contact_type_name, p.district_name,
    k.caller_pseudonym, f.caller_contact_start_local, f.repeat_contact_count, f.repeat_handling_seconds
FROM engage_bi.dim_caller k
-- from a caller to the contacts, for else all contacts are read
CROSS JOIN LATERAL (SELECT * FROM engage_bi.fact_caller_contact x WHERE x.caller_key = k.caller_key OFFSET 0) f
""" + '\n'.join([DATE, TIME, CHANNEL, TYPE, DISTRICT]),
        {
            'contacts': (CONTACTS, 'SUM(repeat_contact_count)', ',d'),
            'handling_hours': (HANDLING_HOURS, 'SUM(repeat_handling_seconds) / 3600.0', ',.1f'),
        },
    ),
    'caller': (
        'Callers who ever met a rule, with their contacts of 28 days if they are on its roster now.',
        None,
        """SELECT k.caller_pseudonym, n.contacts_28d
FROM (SELECT DISTINCT caller_key FROM engage_bi.fact_flag WHERE NOT is_withdrawn) f
"""
        + CALLER + """
LEFT JOIN (SELECT caller_key, max(contacts_28d) AS contacts_28d FROM engage_bi.fact_caller_snapshot
    WHERE is_latest GROUP BY caller_key) n USING (caller_key)""",
        {'contacts_now': (CONTACTS_28D, 'COALESCE(MAX(contacts_28d), 0)', ',d')},
    ),
    'roster': (
        'Who is on the roster of a rule at the end of a day, and who no longer is. Many rows: ask for is_latest, or '
        'for days on which somebody came or dropped.',
        'full_date',
        select(
            'fact_caller_snapshot',
            'd.full_date, d.week_start, k.caller_pseudonym, r.rule_label, b.band_name, b.band_in_order,\n'
            '    p.district_name, f.roster_status, f.snapshot_on_roster_count, f.snapshot_new_count,\n'
            '    f.snapshot_returned_count, f.snapshot_dropped_count, f.contacts_7d, f.contacts_28d, f.contacts_90d,\n'
            '    f.contacts_365d, f.contacts_previous_28d, f.is_latest',
            DATE, CALLER, RULE, BAND, DISTRICT,
        ),
        {
            'callers': (
                ON_ROSTER, 'COUNT(DISTINCT caller_pseudonym) FILTER (WHERE snapshot_on_roster_count = 1)', ',d',
            ),
        },
    ),
    'roster_daily': (
        'How many callers are on the roster of a rule, by day and district. Who is on two rosters is in both: keep '
        'rules apart.',
        'full_date',
        select(
            'fact_roster_daily',
            'd.full_date, d.week_start, d.relative_day, r.rule_label, p.district_name, f.roster_caller_count,\n'
            '    f.roster_new_count, f.roster_returned_count, f.roster_dropped_count',
            DATE, RULE, DISTRICT,
        ),
        {
            # over several days a mean, never a sum
            'on_roster': (
                ON_ROSTER_BY_RULE, 'SUM(roster_caller_count)::float8 / NULLIF(COUNT(DISTINCT full_date), 0)', ',d',
            ),
            'continuing_callers': (
                CONTINUING,
                'SUM(roster_caller_count - roster_new_count - roster_returned_count)::float8'
                ' / NULLIF(COUNT(DISTINCT full_date), 0)', ',d',
            ),
            'new_callers': (NEW, 'SUM(roster_new_count)', ',d'),
            'returned_callers': (RETURNED, 'SUM(roster_returned_count)', ',d'),
            'dropped_callers': (DROPPED_OFF, 'SUM(roster_dropped_count)', ',d'),
            'day_and_rule': (FOR_SORTING, "to_char(MAX(full_date), 'YYYYMMDD ') || MAX(rule_label)", None),
        },
    ),
    'one_contact_away': (
        'Callers whom one more contact would put on the roster.',
        None,
        select(
            'fact_one_contact_away',
            'k.caller_pseudonym, r.rule_label, f.missing_criterion, f.window_contact_count, f.window_lapses_local',
            CALLER, RULE,
        ),
        {'callers': (CALLERS_ONE_AWAY, 'COUNT(DISTINCT caller_pseudonym)', ',d')},
    ),
    'risk': (
        'Scores of callers, as engage last worked them out.',
        None,
        select(
            'fact_risk',
            'k.caller_pseudonym, k.caller_contact_count, k.first_contact_date, k.last_contact_date, f.risk_tier,\n'
            '    f.meets_rule_probability, f.expected_contact_count, f.expected_handling_hours, f.harm_point_count,\n'
            '    f.caller_natures, f.is_repeat_victim, f.is_vulnerable, f.risk_as_of_utc',
            CALLER,
        ),
        {'callers': (CALLERS_SCORED, 'COUNT(*)', ',d')},
    ),
    'flag': (
        'Times at which a caller met a rule.',
        'full_date',
        select(
            'fact_flag',
            'd.full_date, k.caller_pseudonym, r.rule_label, f.flag_met_local, f.flag_started_local,'
            ' f.flag_ended_local,\n'
            '    f.flag_contact_count, f.flag_peak_count, f.is_withdrawn',
            DATE, CALLER, RULE,
        ),
        {'flags': (FLAGS, 'COUNT(*) FILTER (WHERE NOT is_withdrawn)', ',d')},
    ),
    'concentration_monthly': (
        "Which share of a month's contacts its busiest callers made.",
        'full_date',
        select(
            'fact_concentration_monthly',
            'd.full_date, f.month_identified_contact_count, f.month_caller_count, f.top_10_caller_share,\n'
            '    f.top_1_percent_caller_share, f.top_5_percent_caller_share, f.gini_coefficient',
            DATE,
        ),
        {
            'top_10': (TOP_10_SHARE, 'MAX(top_10_caller_share)', '.1%'),
            'top_1_percent': (TOP_1_PERCENT_SHARE, 'MAX(top_1_percent_caller_share)', '.1%'),
            'top_5_percent': (TOP_5_PERCENT_SHARE, 'MAX(top_5_percent_caller_share)', '.1%'),
        },
    ),
    'feed_daily': (
        'What came in from each feed of contacts, day by day.',
        'full_date',
        select(
            'fact_feed_daily',
            'd.full_date, d.is_over, s.feed_name, f.feed_contact_count, f.feed_last_contact_local,'
            ' f.feed_last_loaded_utc,\n'
            '    f.feed_mean_delay_seconds',
            DATE, FEED,
        ),
        {
            'contacts': (CONTACTS, 'SUM(feed_contact_count)', ',d'),
            'last_contact': (LAST_CONTACT, 'MAX(feed_last_contact_local)', None),
            'last_loaded': (LAST_LOADED, 'MAX(feed_last_loaded_utc)', None),
        },
    ),
    'data_quality': (
        'How many records of a day and feed fail each check.',
        'full_date',
        select(
            'meta_data_quality',
            'd.full_date, d.is_over, s.feed_name, f.check_code, f.check_name, f.failed_count, f.checked_count',
            DATE, FEED,
        ),
        {
            'checked': (CHECKED, 'SUM(checked_count)', ',d'),
            'failed': (FAILED, 'SUM(failed_count)', ',d'),
            'failed_share': (FAILED_SHARE, 'SUM(failed_count)::float8 / NULLIF(SUM(checked_count), 0)', '.1%'),
        },
    ),
    'refresh': (
        'How fresh the figures are. One row.',
        None,
        select(
            'meta_refresh',
            'f.data_as_at_local, f.latest_contact_local, f.total_contact_count, f.waiting_change_count,\n'
            '    f.last_run_state, f.last_run_finished_local, f.current_rules, f.engage_version',
        ),
        {'data_as_at': (DATA_AS_AT, 'MAX(data_as_at_local)', None)},
    ),
}


# Charts that are latest keep to the latest days whatever the period chosen, as do those where is_latest and the like.


def number(title, dataset, metric, where=None, note='', latest=False):
    return dict(kind='number', title=title, dataset=dataset, metrics=[metric], where=where, note=note, latest=latest)


def line(title, dataset, metrics, x='full_date', by=(), grain='P1D', where=None, note=''):
    return dict(kind='line', title=title, dataset=dataset, metrics=metrics, x=x, by=list(by), grain=grain, where=where,
                note=note)


def bars(title, dataset, metrics, x, by=(), grain=None, where=None, note='', across=False, ranked=True):
    """Bars stand in the order of x; those across lie in the order of their length, or if not ranked, of x upwards."""
    return dict(kind='bars', title=title, dataset=dataset, metrics=metrics, x=x, by=list(by), grain=grain, where=where,
                note=note, across=across, ranked=ranked)


def heat(title, dataset, metric, x, y, where=None, note='', values=False):
    return dict(kind='heat', title=title, dataset=dataset, metrics=[metric], x=x, by=[y], where=where, note=note,
                values=values)


def table(title, dataset, by, metrics, where=None, note='', order=None, ascending=False, latest=False):
    """Groups with metrics, the greatest of the metric order, or else of the first one, on top."""
    return dict(kind='table', title=title, dataset=dataset, by=by, metrics=metrics, where=where, note=note,
                order=order or metrics[0], ascending=ascending, latest=latest)


def rows(title, dataset, columns, order, where=None, note=''):
    """Records as they are; order is a list of (column, ascending)."""
    return dict(kind='rows', title=title, dataset=dataset, columns=columns, order=order, where=where, note=note)


NOT_TODAY = 'Up to yesterday: today is not over.'
BY_RULE = 'By each rule: a caller on the rosters of two rules is counted twice.'

# page: rows of (height, [(width out of 12, chart)])
CONTENTS = {
    OVERVIEW: [
        (20, [
            (3, number(CONTACTS_OF_28_DAYS, 'contact_daily', 'contacts', 'is_last_28_days')),
            (3, number(REPEAT_SHARE.name, 'repeat_share', 'repeat_share', latest=True,
                       note=REPEAT_SHARE.description)),
            (3, number(ON_ROSTER.name, 'roster', 'callers', 'is_latest',
                       'Callers on the roster of any rule today, each counted once.')),
            (3, number(ONE_CONTACT_AWAY, 'one_contact_away', 'callers', note=CALLERS_ONE_AWAY.description)),
        ]),
        (44, [
            (6, table('Roster, last seven days', 'roster_daily', ['full_date', 'rule_label'],
                      ['new_callers', 'continuing_callers', 'returned_callers', 'dropped_callers'],
                      'relative_day > -7', order='day_and_rule',
                      note='As at the end of each day; today as it is so far. Continuing: on the roster the day '
                           'before, too. Dropped off: on it until the day before.')),
            (6, line('Contacts by day and channel group', 'contact_daily', ['contacts'], by=['channel_group'],
                     where='is_over', note=NOT_TODAY)),
        ]),
        (44, [
            (4, heat(CONTACTS_BY_HOUR_AND_WEEKDAY + IN_28_DAYS, 'contact_hourly', 'contacts', 'hour', 'weekday',
                     'is_last_28_days', 'Local time.')),
            (4, bars(CONTACTS_BY_CHANNEL + IN_28_DAYS, 'contact_daily', ['contacts'], 'channel_name',
                     where='is_last_28_days', across=True)),
            (4, bars("Busiest callers' share, by month", 'concentration_monthly',
                     ['top_10', 'top_1_percent', 'top_5_percent'], 'full_date', grain='P1M',
                     note="Of a month's contacts whose caller is known, in all districts, by all channels; of this "
                          "month as it is so far.")),
        ]),
        (38, [
            (4, table('Contacts by CSU and district' + IN_28_DAYS, 'contact_daily', ['csu_name', 'district_name'],
                      ['contacts'], 'is_last_28_days')),
            (5, table('Latest contact of each feed', 'feed_daily', ['feed_name'], ['last_contact', 'last_loaded'],
                      order='last_contact', ascending=True, latest=True,
                      note='The system that has been silent longest on top.')),
            (3, number(DATA_AS_AT.name, 'refresh', 'data_as_at')),
        ]),
    ],
    REPEAT_CALLERS: [
        (50, [
            (7, line(ON_ROSTER_BY_DAY, 'roster_daily', ['on_roster'], by=['rule_label'])),
            (5, bars(ON_ROSTER_BY_BAND, 'roster', ['callers'], 'band_in_order', where='is_latest',
                     across=True, ranked=False, note='Bands are set in engage.policy.')),
        ]),
        (64, [
            (7, rows(ROSTER, 'roster',
                     ['caller_pseudonym', 'rule_label', 'roster_status', 'contacts_7d', 'contacts_28d',
                      'contacts_previous_28d', 'district_name'],
                     [('contacts_28d', False), ('caller_pseudonym', True), ('rule_label', True)],
                     'is_latest AND snapshot_on_roster_count = 1')),
            (5, rows(ONE_CONTACT_AWAY, 'one_contact_away',
                     ['caller_pseudonym', 'rule_label', 'missing_criterion', 'window_lapses_local'],
                     [('window_lapses_local', True)])),
        ]),
    ],
    CALLER_PROFILE: [
        (24, [
            (12, rows(SCORES, 'risk',
                      ['caller_pseudonym', 'risk_tier', 'caller_contact_count', 'first_contact_date',
                       'last_contact_date', 'meets_rule_probability', 'expected_contact_count',
                       'expected_handling_hours', 'harm_point_count', 'caller_natures'],
                      [('risk_tier', True)])),
        ]),
        (46, [
            (6, bars(CONTACTS_BY_WEEK_AND_CHANNEL, 'caller_contact', ['contacts'], 'full_date', by=['channel_name'],
                     grain='P1W')),
            (6, heat(CONTACTS_BY_HOUR_AND_WEEKDAY, 'caller_contact', 'contacts', 'hour', 'weekday')),
        ]),
        (40, [
            (6, table(WHAT_IT_IS_ABOUT, 'caller_contact', ['contact_type_name'], ['contacts', 'handling_hours'])),
            (6, rows(FLAGS_OF_CALLER, 'flag',
                     ['rule_label', 'flag_met_local', 'flag_ended_local', 'flag_contact_count', 'flag_peak_count'],
                     [('flag_met_local', False)], 'NOT is_withdrawn')),
        ]),
    ],
    DEMAND: [
        (60, [(12, heat(CONTACTS_BY_HOUR_AND_WEEKDAY, 'contact_hourly', 'contacts', 'hour', 'weekday',
                        values=True))]),
        (46, [
            (7, bars('Contacts by hour and channel group', 'contact_hourly', ['contacts'], 'hour',
                     by=['channel_group'])),
            (5, table(CONTACTS_BY_SHIFT, 'contact_hourly', ['shift_name'], ['contacts', 'handling_hours'])),
        ]),
    ],
    CHANNELS: [
        (50, [
            (5, bars(CONTACTS_BY_CHANNEL, 'contact_daily', ['contacts'], 'channel_name', across=True)),
            (7, line(EMERGENCY_ANSWERS, 'contact_daily', ['answered_within_10s'],
                     where='is_emergency AND is_over', note='Of calls that were answered. ' + NOT_TODAY)),
        ]),
        (66, [
            (12, table(SERVICE_BY_CHANNEL, 'contact_daily', ['channel_name'],
                       ['contacts', 'mean_answer', 'answered_within_10s', 'abandoned', 'deployed', 'handling_hours'],
                       note='Blank where it is not recorded: shares are of the contacts of which it is known. '
                            'Within 10 seconds is a standard for emergency calls alone.')),
        ]),
    ],
    PLACES: [
        (54, [
            (6, bars(CONTACTS_BY_DISTRICT, 'contact_daily', ['contacts'], 'district_name', across=True)),
            (6, bars('On the roster by district', 'roster', ['callers'], 'district_name', where='is_latest',
                     across=True)),
        ]),
        (46, [
            (12, table(DISTRICTS, 'contact_daily', ['csu_name', 'district_name'],
                       ['contacts', 'abandoned', 'deployed', 'handling_hours'])),
        ]),
    ],
    INTERVENTIONS: [
        (22, [
            (4, number(DROPPED_OFF.name, 'roster_daily', 'dropped_callers', note=BY_RULE)),
            (4, number(RETURNED.name, 'roster_daily', 'returned_callers', note=BY_RULE)),
            (4, number(NEW.name, 'roster_daily', 'new_callers', note=BY_RULE)),
        ]),
        (46, [
            (12, bars(ROSTER_BY_WEEK, 'roster_daily', ['new_callers', 'returned_callers', 'dropped_callers'],
                      'full_date', grain='P1W',
                      note=BY_RULE + ' Weeks begin on Monday; the last one is not over yet.')),
        ]),
        (56, [
            (12, rows('Callers who dropped off or returned', 'roster',
                      ['full_date', 'caller_pseudonym', 'rule_label', 'roster_status', 'contacts_28d',
                       'contacts_previous_28d', 'district_name'],
                      [('full_date', False), ('caller_pseudonym', True), ('rule_label', True)],
                      'snapshot_returned_count + snapshot_dropped_count > 0',
                      'The day on which a caller was no longer on the roster, or on it again.')),
        ]),
    ],
    DATA_QUALITY: [
        (18, [
            (12, rows(FRESHNESS, 'refresh',
                      ['data_as_at_local', 'latest_contact_local', 'total_contact_count', 'waiting_change_count',
                       'last_run_state', 'last_run_finished_local', 'current_rules', 'engage_version'], [])),
        ]),
        (39, [
            (6, table('Feeds', 'feed_daily', ['feed_name'], ['contacts', 'last_contact', 'last_loaded'])),
            (6, table('Checks', 'data_quality', ['check_name'], ['failed_share', 'failed', 'checked'])),
        ]),
        (46, [(12, line('Contacts by day and feed', 'feed_daily', ['contacts'], by=['feed_name'], where='is_over',
                        note=NOT_TODAY))]),
        (46, [(12, line(FAILED_SHARE_BY_DAY, 'data_quality', ['failed_share'], by=['check_name'], where='is_over',
                        note=NOT_TODAY))]),
    ],
}

# name, kind, dataset and column of the values, pages, metric that orders the values (the first is chosen).
# Charts of the latest day or of the last 28 days keep to it, whatever the period chosen.
FILTERS = [
    (CHOSEN_CALLER, 'value', 'caller', 'caller_pseudonym', [CALLER_PROFILE], 'contacts_now'),
    ('Period', 'time', None, None, None, None),
    ('District', 'value', 'contact_daily', 'district_name',
     [OVERVIEW, REPEAT_CALLERS, DEMAND, CHANNELS, PLACES, INTERVENTIONS], None),
    ('Channel', 'value', 'contact_daily', 'channel_name', [OVERVIEW, DEMAND, CHANNELS, PLACES], None),
]
