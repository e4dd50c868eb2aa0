"""What the Power BI project shows that the catalogue cannot know: names, relationships, measures, the row-level role,
and pages of visuals.

generate.py makes the project out of it.  Titles and measures are named in report/labels.py.
"""
import collections

from report.labels import (
    ABANDONED, ABANDONED_SHARE, ANSWERED, ANSWERED_WITHIN_10S, CALLERS_IN_TIER_1, CALLERS_OF_MONTH, CALLERS_ONE_AWAY,
    CALLER_PROFILE, CHANGE_ON_LAST_YEAR, CHANNELS, CHOSEN_CALLER, CONTACTS, CONTACTS_28D, CONTACTS_A_DAY,
    CONTACTS_BY_CHANNEL, CONTACTS_BY_DISTRICT, CONTACTS_BY_HOUR_AND_WEEKDAY, CONTACTS_BY_SHIFT,
    CONTACTS_BY_WEEK_AND_CHANNEL, CONTACTS_IN_DETAIL, CONTACTS_IN_THE_HOUR, CONTACTS_LAST_YEAR, CONTACTS_OF_28_DAYS,
    CONTACTS_OF_CALLER, CONTACTS_OF_REPEAT_CALLERS, CONTACTS_PREVIOUS_28D, DATA_AS_AT, DATA_QUALITY, DEMAND,
    DEPLOYED_SHARE, DEPLOYMENTS, DISTRICTS, DROPPED_OFF, EMERGENCY_ANSWERS, FAILED_SHARE, FAILED_SHARE_BY_DAY, FLAGS,
    FLAGS_OF_CALLER, FRESHNESS, GINI, HANDLING_HOURS, INCIDENTS, INTERVENTIONS, IN_13_MONTHS, IN_28_DAYS, MEAN_ANSWER,
    NEW, NO_INTERVENTIONS, ONE_CONTACT_AWAY, ON_ROSTER, ON_ROSTER_BY_BAND, ON_ROSTER_BY_DAY, ON_ROSTER_BY_RULE,
    OVERVIEW, PLACES, POLICING_SHARE, REPEAT_CALLERS, RETURNED, ROSTER, ROSTER_BY_WEEK, SCORES, SERVICE_BY_CHANNEL,
    TOP_10_SHARE, TO_YESTERDAY, WHAT_IT_IS_ABOUT)

SCHEMA = 'engage_bi'

# view: name of the table in the model
TABLES = {
    'dim_date': 'Date', 'dim_time': 'Hour', 'dim_channel': 'Channel', 'dim_contact_type': 'Contact type',
    'dim_district': 'District', 'dim_caller': 'Caller', 'dim_rule': 'Rule', 'dim_band': 'Band', 'dim_feed': 'Feed',
    'fact_contact': 'Contact', 'fact_caller_contact': 'Contact of a repeat caller',
    'fact_contact_daily': 'Contacts by day', 'fact_contact_hourly': 'Contacts by hour',
    'fact_caller_snapshot': 'Roster', 'fact_roster_daily': 'Roster by day',
    'fact_repeat_caller_monthly': 'Repeat callers by month', 'fact_concentration_monthly': 'Concentration',
    'fact_one_contact_away': 'One contact away', 'fact_flag': 'Flag', 'fact_risk': 'Risk',
    'fact_feed_daily': 'Feed by day', 'meta_refresh': 'Refresh', 'meta_data_quality': 'Data quality',
}

# key: the dimension that it leads to
DIMENSIONS = {
    'date_key': 'dim_date', 'time_key': 'dim_time', 'channel_key': 'dim_channel',
    'contact_type_key': 'dim_contact_type', 'district_key': 'dim_district', 'caller_key': 'dim_caller',
    'rule_key': 'dim_rule', 'band_key': 'dim_band', 'feed_key': 'dim_feed',
}

SORT_BY = {
    ('dim_date', 'month_name'): 'month_number', ('dim_date', 'day_name'): 'day_of_week',
    ('dim_time', 'hour_label'): 'time_key', ('dim_band', 'band_name'): 'band_key',
}

# The one table that is loaded in parts, and the column that its parts are cut by.
INCREMENTAL = {'fact_contact': 'contact_start_utc'}

# ------------------------------------------------------------------- measures

COUNT, SHARE = '#,##0', '0.0%'


def on_last_day(dax, *conditions):
    """Of the last day of the period that is not after today."""
    of = ', '.join([dax, "'Date'[date key] = lastday", *conditions])
    return f"VAR lastday = CALCULATE(MAX('Date'[date key]), 'Date'[relative day] <= 0) RETURN CALCULATE({of})"


def of_callers_on_roster(dax):
    return on_last_day(dax, 'Roster[snapshot on roster count] = 1')


def total_over_callers(column):
    """A caller who is there by several rules counts once."""
    return of_callers_on_roster(f'SUMX(VALUES(Roster[caller key]), CALCULATE(MAX(Roster[{column}])))')


# (view that it stands with, folder, measure, DAX, format)
MEASURES = [
    ('fact_contact_daily', 'Demand', CONTACTS, "SUM('Contacts by day'[daily contact count])", COUNT),
    ('fact_contact_daily', 'Demand', CONTACTS_A_DAY,
     "DIVIDE([Contacts], CALCULATE(COUNTROWS('Date'), 'Date'[relative day] <= 0))", '#,##0.0'),
    ('fact_contact_daily', 'Demand', CONTACTS_LAST_YEAR,
     "CALCULATE([Contacts], SAMEPERIODLASTYEAR('Date'[full date]))", COUNT),
    ('fact_contact_daily', 'Demand', CHANGE_ON_LAST_YEAR,
     'DIVIDE([Contacts] - [Contacts last year], [Contacts last year])', '+0.0%;-0.0%;0.0%'),
    ('fact_contact_daily', 'Demand', HANDLING_HOURS,
     "VAR seconds = SUM('Contacts by day'[daily handling seconds]) RETURN IF(seconds > 0, DIVIDE(seconds, 3600))",
     '#,##0.0'),
    ('fact_contact_daily', 'Demand', INCIDENTS, "SUM('Contacts by day'[daily incident count])", COUNT),
    ('fact_contact_daily', 'Demand', DEPLOYMENTS, "SUM('Contacts by day'[daily deployed count])", COUNT),
    ('fact_contact_daily', 'Demand', DEPLOYED_SHARE,
     "DIVIDE([Deployments], SUM('Contacts by day'[daily deployed known count]))", SHARE),
    ('fact_contact_daily', 'Demand', POLICING_SHARE,
     "DIVIDE(CALCULATE([Contacts], 'Contact type'[policing demand] = \"Policing\"), [Contacts])", SHARE),
    ('fact_contact_daily', 'Service', ANSWERED, "SUM('Contacts by day'[daily answered count])", COUNT),
    ('fact_contact_daily', 'Service', ANSWERED_WITHIN_10S,
     "CALCULATE(DIVIDE(SUM('Contacts by day'[daily answered within 10s count]), [Answered]), "
     'Channel[is emergency] = TRUE())', SHARE),
    ('fact_contact_daily', 'Service', MEAN_ANSWER,
     "DIVIDE(SUM('Contacts by day'[daily answer seconds]), [Answered])", '0.0'),
    ('fact_contact_daily', 'Service', ABANDONED, "SUM('Contacts by day'[daily abandoned count])", COUNT),
    ('fact_contact_daily', 'Service', ABANDONED_SHARE,
     "DIVIDE([Abandoned], SUM('Contacts by day'[daily abandoned known count]))", SHARE),
    ('fact_contact_hourly', 'Demand', CONTACTS_IN_THE_HOUR, "SUM('Contacts by hour'[hourly contact count])", COUNT),
    ('fact_contact', 'Detail', CONTACTS_IN_DETAIL, 'SUM(Contact[contact count])', COUNT),
    ('fact_caller_contact', 'Repeat callers', CONTACTS_OF_CALLER,
     "SUM('Contact of a repeat caller'[repeat contact count])", COUNT),
    ('fact_caller_snapshot', 'Repeat callers', ON_ROSTER,
     of_callers_on_roster('DISTINCTCOUNT(Roster[caller key])'), COUNT),
    ('fact_roster_daily', 'Repeat callers', ON_ROSTER_BY_RULE,
     on_last_day("SUM('Roster by day'[roster caller count])"), COUNT),
    ('fact_roster_daily', 'Repeat callers', NEW, "SUM('Roster by day'[roster new count])", COUNT),
    ('fact_roster_daily', 'Repeat callers', RETURNED, "SUM('Roster by day'[roster returned count])", COUNT),
    ('fact_roster_daily', 'Repeat callers', DROPPED_OFF, "SUM('Roster by day'[roster dropped count])", COUNT),
    ('fact_caller_snapshot', 'Repeat callers', CONTACTS_28D, total_over_callers('contacts 28d'), COUNT),
    ('fact_caller_snapshot', 'Repeat callers', CONTACTS_PREVIOUS_28D,
     total_over_callers('contacts previous 28d'), COUNT),
    ('fact_repeat_caller_monthly', 'Repeat callers', CALLERS_OF_MONTH,
     "SUM('Repeat callers by month'[monthly repeat caller count])", COUNT),
    ('fact_repeat_caller_monthly', 'Repeat callers', CONTACTS_OF_REPEAT_CALLERS,
     "SUM('Repeat callers by month'[monthly repeat contact count])", COUNT),
    ('fact_one_contact_away', 'Repeat callers', CALLERS_ONE_AWAY, "DISTINCTCOUNT('One contact away'[caller key])",
     COUNT),
    ('fact_concentration_monthly', 'Repeat callers', TOP_10_SHARE, 'MAX(Concentration[top 10 caller share])', SHARE),
    ('fact_concentration_monthly', 'Repeat callers', GINI, 'MAX(Concentration[gini coefficient])', '0.00'),
    ('fact_flag', 'Repeat callers', FLAGS, 'CALCULATE(COUNTROWS(Flag), Flag[is withdrawn] = FALSE())', COUNT),
    ('fact_risk', 'Risk', CALLERS_IN_TIER_1, 'CALCULATE(COUNTROWS(Risk), Risk[risk tier] = 1)', COUNT),
    ('meta_refresh', 'Data quality', DATA_AS_AT, 'MAX(Refresh[data as at local])', 'dd mmm yyyy hh:nn:ss'),
    ('meta_data_quality', 'Data quality', FAILED_SHARE,
     "DIVIDE(SUM('Data quality'[failed count]), SUM('Data quality'[checked count]))", SHARE),
]

# ----------------------------------------------------------------------- role

# A force fills in who sees which district; facts that know no district are hidden from these viewers.
ROLE = 'Own districts'
ROLE_FILTERS = [
    ('District', "'District'[district code] IN SELECTCOLUMNS(FILTER(Access, Access[user] = USERPRINCIPALNAME()), "
                 '"code", Access[access district])'),
    ('Contact', 'FALSE()'), ('Contact of a repeat caller', 'FALSE()'), ('Flag', 'FALSE()'), ('Risk', 'FALSE()'),
    ('One contact away', 'FALSE()'),
]

# ---------------------------------------------------------------------- pages

# Columns that must be true for what a visual opens with; its reader may change that.
LAST_28_DAYS = (('dim_date', 'is_last_28_days'),)
LAST_13_MONTHS = (('dim_date', 'is_last_13_months'),)
# Charts by day end with yesterday: today would seem a fall.
LAST_28_WHOLE_DAYS = (*LAST_28_DAYS, ('dim_date', 'is_over'))

DAY, WEEK, MONTH = ('dim_date', 'full_date'), ('dim_date', 'week_start'), ('dim_date', 'month_start')
DAY_NAME, HOUR, SHIFT = ('dim_date', 'day_name'), ('dim_time', 'hour_label'), ('dim_time', 'shift_name')
CHANNEL, CHANNEL_GROUP = ('dim_channel', 'channel_name'), ('dim_channel', 'channel_group')
DISTRICT, CSU = ('dim_district', 'district_name'), ('dim_district', 'csu_name')
PSEUDONYM, RULE = ('dim_caller', 'caller_pseudonym'), ('dim_rule', 'rule_label')
CHECK = ('meta_data_quality', 'check_name')

# fields: {role: those that it shows}; a field is a measure, or a column as (view, column).
# period: one of the above; sort: the field that it is sorted by, descending.
Visual = collections.namedtuple('Visual', 'kind title fields period sort', defaults=((), None))


def card(title, measure, period=()):
    return Visual('card', title, {'Values': [measure]}, period)


def slicer(title, column):
    return Visual('slicer', title, {'Values': [column]})


def note(text):
    return Visual('textbox', text, {})


def chart(kind, title, measures, x, by, period, sort):
    series = {'Series': [by]} if by else {}
    return Visual(kind, title, {'Category': [x], **series, 'Y': measures}, period, sort)


def line(title, measures, x, by=None, period=LAST_13_MONTHS):
    return chart('lineChart', title, measures, x, by, period, None)


def columns(title, measures, x, by=None, period=LAST_13_MONTHS):
    return chart('clusteredColumnChart', title, measures, x, by, period, None)


def bars(title, measures, x, period=(), sort=None):
    return chart('clusteredBarChart', title, measures, x, None, period, sort)


def table(title, fields, period=(), sort=None):
    return Visual('tableEx', title, {'Values': fields}, period, sort)


def matrix(title, measure, rows, across, period=()):
    return Visual('pivotTable', title, {'Rows': [rows], 'Columns': [across], 'Values': [measure]}, period)


CONTENTS = {
    OVERVIEW: [
        card(CONTACTS_OF_28_DAYS, CONTACTS, LAST_28_DAYS),
        card(ON_ROSTER.name, ON_ROSTER),
        card(ONE_CONTACT_AWAY, CALLERS_ONE_AWAY),
        card(DATA_AS_AT.name, DATA_AS_AT),
        line('Contacts by month and channel group', [CONTACTS], MONTH, CHANNEL_GROUP),
        columns(ROSTER_BY_WEEK, [NEW, RETURNED, DROPPED_OFF], WEEK),
        line('Share of the top ten callers', [TOP_10_SHARE], MONTH),
    ],
    REPEAT_CALLERS: [
        table(ROSTER, [PSEUDONYM, RULE, ('fact_caller_snapshot', 'roster_status'), CONTACTS_28D, CONTACTS_PREVIOUS_28D],
              sort=CONTACTS_28D),
        line(ON_ROSTER_BY_DAY, [ON_ROSTER_BY_RULE], DAY, RULE),
        bars(ON_ROSTER_BY_BAND, [ON_ROSTER], ('dim_band', 'band_name')),
        table(ONE_CONTACT_AWAY, [PSEUDONYM, RULE, ('fact_one_contact_away', 'missing_criterion'),
                                 ('fact_one_contact_away', 'window_lapses_local')]),
    ],
    CALLER_PROFILE: [
        slicer(CHOSEN_CALLER, PSEUDONYM),
        columns(CONTACTS_BY_WEEK_AND_CHANNEL, [CONTACTS_OF_CALLER], WEEK, CHANNEL, period=()),
        matrix(CONTACTS_BY_HOUR_AND_WEEKDAY, CONTACTS_OF_CALLER, HOUR, DAY_NAME),
        table(FLAGS_OF_CALLER, [RULE, ('fact_flag', 'flag_met_local'), ('fact_flag', 'flag_ended_local'),
                                ('fact_flag', 'is_withdrawn')]),
        table(SCORES, [('fact_risk', 'risk_tier'), ('fact_risk', 'caller_natures'), ('fact_risk', 'is_repeat_victim'),
                       ('fact_risk', 'is_vulnerable'), ('fact_risk', 'risk_as_of_utc')]),
    ],
    DEMAND: [
        matrix(CONTACTS_BY_HOUR_AND_WEEKDAY + IN_13_MONTHS, CONTACTS_IN_THE_HOUR, DAY_NAME, HOUR, LAST_13_MONTHS),
        columns('Contacts by hour' + IN_13_MONTHS, [CONTACTS_IN_THE_HOUR], HOUR),
        bars(CONTACTS_BY_SHIFT + IN_13_MONTHS, [CONTACTS_IN_THE_HOUR], SHIFT, LAST_13_MONTHS),
    ],
    CHANNELS: [
        bars(CONTACTS_BY_CHANNEL + IN_28_DAYS, [CONTACTS], CHANNEL, LAST_28_DAYS, CONTACTS),
        line(EMERGENCY_ANSWERS, [ANSWERED_WITHIN_10S], MONTH, CHANNEL_GROUP),
        table(SERVICE_BY_CHANNEL + IN_28_DAYS,
              [CHANNEL, CONTACTS, ANSWERED, MEAN_ANSWER, ABANDONED, ABANDONED_SHARE], LAST_28_DAYS, CONTACTS),
        table(WHAT_IT_IS_ABOUT + IN_28_DAYS,
              [('dim_contact_type', 'contact_type_group'), ('dim_contact_type', 'contact_type_name'),
               CONTACTS, HANDLING_HOURS, INCIDENTS, DEPLOYMENTS], LAST_28_DAYS, CONTACTS),
    ],
    PLACES: [
        bars(CONTACTS_BY_DISTRICT + IN_28_DAYS, [CONTACTS], DISTRICT, LAST_28_DAYS, CONTACTS),
        bars('On the roster by Community Safety Unit', [ON_ROSTER], CSU, sort=ON_ROSTER),
        table(DISTRICTS + IN_28_DAYS, [DISTRICT, CSU, CONTACTS, HANDLING_HOURS, POLICING_SHARE, ON_ROSTER],
              LAST_28_DAYS, CONTACTS),
    ],
    INTERVENTIONS: [
        note(NO_INTERVENTIONS),
        columns('Returned and dropped off by month', [RETURNED, DROPPED_OFF], MONTH),
        line('Contacts of repeat callers', [CONTACTS_OF_REPEAT_CALLERS], MONTH, RULE),
    ],
    DATA_QUALITY: [
        table(FRESHNESS, [('meta_refresh', column) for column in (
            'data_as_at_local', 'latest_contact_local', 'waiting_change_count', 'last_run_state', 'current_rules')]),
        matrix('Failed share by check and system' + IN_28_DAYS, FAILED_SHARE, CHECK, ('dim_feed', 'feed_name'),
               LAST_28_DAYS),
        line(FAILED_SHARE_BY_DAY + TO_YESTERDAY, [FAILED_SHARE], DAY, CHECK, LAST_28_WHOLE_DAYS),
    ],
}
