"""What the catalogue does not tell of the Power BI model: names, relationships, measures, the row-level role."""

SCHEMA = 'engage_bi'

# view: name of the table in the model
TABLES = {
    'dim_date': 'Date', 'dim_time': 'Hour', 'dim_channel': 'Channel', 'dim_contact_type': 'Contact type', 'dim_district': 'District',
    'dim_caller': 'Caller', 'dim_rule': 'Rule', 'dim_band': 'Band', 'dim_feed': 'Feed',
    'fact_contact': 'Contact', 'fact_caller_contact': 'Contact of a repeat caller', 'fact_contact_daily': 'Contacts by day', 'fact_contact_hourly': 'Contacts by hour',
    'fact_caller_snapshot': 'Roster', 'fact_roster_daily': 'Roster by day', 'fact_repeat_caller_monthly': 'Repeat callers by month', 'fact_concentration_monthly': 'Concentration',
    'fact_one_contact_away': 'One contact away', 'fact_flag': 'Flag', 'fact_risk': 'Risk', 'fact_feed_daily': 'Feed by day',
    'meta_refresh': 'Refresh', 'meta_data_quality': 'Data quality',
}

# key: the dimension that it leads to
DIMENSIONS = {
    'date_key': 'dim_date', 'time_key': 'dim_time', 'channel_key': 'dim_channel', 'contact_type_key': 'dim_contact_type', 'district_key': 'dim_district',
    'caller_key': 'dim_caller', 'rule_key': 'dim_rule', 'band_key': 'dim_band', 'feed_key': 'dim_feed',
}

SORT_BY = {('dim_date', 'month_name'): 'month_number', ('dim_date', 'day_name'): 'day_of_week', ('dim_time', 'hour_label'): 'time_key', ('dim_band', 'band_name'): 'band_key'}

# The one table that is loaded in parts, and the column that its parts are cut by.
INCREMENTAL = {'fact_contact': 'contact_start_utc'}

# (view that it stands with, folder, name, DAX, format, description)
MEASURES = [
    ('fact_contact_daily', 'Demand', 'Contacts', "SUM('Contacts by day'[daily contact count])", '#,##0', 'Contacts that count.'),
    ('fact_contact_daily', 'Demand', 'Contacts a day', "DIVIDE([Contacts], CALCULATE(COUNTROWS('Date'), 'Date'[relative day] <= 0))", '#,##0.0', 'Contacts by days of the period up to today, which is not over.'),
    ('fact_contact_daily', 'Demand', 'Contacts last year', "CALCULATE([Contacts], SAMEPERIODLASTYEAR('Date'[full date]))", '#,##0', 'Contacts of the same days a year before.'),
    ('fact_contact_daily', 'Demand', 'Change on last year', "DIVIDE([Contacts] - [Contacts last year], [Contacts last year])", '+0.0%;-0.0%;0.0%', 'Contacts against the year before.'),
    ('fact_contact_daily', 'Demand', 'Hours of handling', "VAR seconds = SUM('Contacts by day'[daily handling seconds]) RETURN IF(seconds > 0, DIVIDE(seconds, 3600))", '#,##0.0', 'Hours that call handlers spent; blank where none is recorded.'),
    ('fact_contact_daily', 'Demand', 'Incidents', "SUM('Contacts by day'[daily incident count])", '#,##0', 'Contacts that led to an incident.'),
    ('fact_contact_daily', 'Demand', 'Deployments', "SUM('Contacts by day'[daily deployed count])", '#,##0', 'Contacts to which officers were sent; blank where it is known of none.'),
    ('fact_contact_daily', 'Demand', 'Deployed share', "DIVIDE([Deployments], SUM('Contacts by day'[daily deployed known count]))", '0.0%', 'Contacts to which officers were sent, by contacts of which it is known; blank where it is known of none.'),
    ('fact_contact_daily', 'Demand', 'Share of policing demand', "DIVIDE(CALCULATE([Contacts], 'Contact type'[policing demand] = \"Policing\"), [Contacts])", '0.0%', 'Share of contacts that are for the police to deal with.'),
    ('fact_contact_daily', 'Service', 'Answered', "SUM('Contacts by day'[daily answered count])", '#,##0', 'Contacts with a known time of answer.'),
    ('fact_contact_daily', 'Service', 'Answered within 10 seconds', "CALCULATE(DIVIDE(SUM('Contacts by day'[daily answered within 10s count]), [Answered]), Channel[is emergency] = TRUE())", '0.0%', 'Share of the answered emergency calls, whose standard it is; blank for other channels.'),
    ('fact_contact_daily', 'Service', 'Mean seconds to answer', "DIVIDE(SUM('Contacts by day'[daily answer seconds]), [Answered])", '0.0', 'Over the answered.'),
    ('fact_contact_daily', 'Service', 'Abandoned', "SUM('Contacts by day'[daily abandoned count])", '#,##0', 'Calls that were abandoned; blank where it is known of none.'),
    ('fact_contact_daily', 'Service', 'Abandoned share', "DIVIDE([Abandoned], SUM('Contacts by day'[daily abandoned known count]))", '0.0%', 'Abandoned calls by contacts of which it is known; blank where it is known of none.'),
    ('fact_contact_hourly', 'Demand', 'Contacts in the hour', "SUM('Contacts by hour'[hourly contact count])", '#,##0', 'Contacts by local hour.'),
    ('fact_contact', 'Detail', 'Contacts in detail', "SUM(Contact[contact count])", '#,##0', 'Contacts one by one.'),
    ('fact_caller_contact', 'Repeat callers', 'Contacts of the caller', "SUM('Contact of a repeat caller'[repeat contact count])", '#,##0', 'Contacts of callers who were ever on the roster; choose one.'),
    ('fact_caller_snapshot', 'Repeat callers', 'On the roster', "VAR lastday = CALCULATE(MAX('Date'[date key]), 'Date'[relative day] <= 0) RETURN CALCULATE(DISTINCTCOUNT(Roster[caller key]), 'Date'[date key] = lastday, Roster[snapshot on roster count] = 1)", '#,##0', 'Callers on the roster at the end of the last day of the period, or now; each once, by however many rules; never a sum over days.'),
    ('fact_roster_daily', 'Repeat callers', 'On the roster by rule', "VAR lastday = CALCULATE(MAX('Date'[date key]), 'Date'[relative day] <= 0) RETURN CALCULATE(SUM('Roster by day'[roster caller count]), 'Date'[date key] = lastday)", '#,##0', 'The same, summed over rules: split it by rule, or choose one. Quick over many days.'),
    ('fact_roster_daily', 'Repeat callers', 'New', "SUM('Roster by day'[roster new count])", '#,##0', 'Callers who came onto the roster for the first time in the period, by rule.'),
    ('fact_roster_daily', 'Repeat callers', 'Returned', "SUM('Roster by day'[roster returned count])", '#,##0', 'Callers who came back onto it, by rule.'),
    ('fact_roster_daily', 'Repeat callers', 'Dropped out', "SUM('Roster by day'[roster dropped count])", '#,##0', 'Callers who left it, by rule.'),
    ('fact_caller_snapshot', 'Repeat callers', 'Contacts in 28 days', "VAR lastday = CALCULATE(MAX('Date'[date key]), 'Date'[relative day] <= 0) RETURN CALCULATE(SUMX(VALUES(Roster[caller key]), CALCULATE(MAX(Roster[contacts 28d]))), 'Date'[date key] = lastday, Roster[snapshot on roster count] = 1)", '#,##0', 'Contacts in 28 days of those on the roster, as at the last day of the period.'),
    ('fact_caller_snapshot', 'Repeat callers', 'Contacts in the 28 days before', "VAR lastday = CALCULATE(MAX('Date'[date key]), 'Date'[relative day] <= 0) RETURN CALCULATE(SUMX(VALUES(Roster[caller key]), CALCULATE(MAX(Roster[contacts previous 28d]))), 'Date'[date key] = lastday, Roster[snapshot on roster count] = 1)", '#,##0', 'The same for the 28 days before those.'),
    ('fact_repeat_caller_monthly', 'Repeat callers', 'Repeat callers', "SUM('Repeat callers by month'[monthly repeat caller count])", '#,##0', 'Callers on the roster in a month, by rule; choose one rule and one month.'),
    ('fact_repeat_caller_monthly', 'Repeat callers', 'Contacts of repeat callers', "SUM('Repeat callers by month'[monthly repeat contact count])", '#,##0', 'Contacts in the month of callers who were on the roster in it.'),
    ('fact_one_contact_away', 'Repeat callers', 'One contact away from a rule', "DISTINCTCOUNT('One contact away'[caller key])", '#,##0', 'Callers who would be flagged with one more contact now.'),
    ('fact_concentration_monthly', 'Repeat callers', 'Share of the top ten', "MAX(Concentration[top 10 caller share])", '0.0%', 'Share of a month\'s contacts that the ten most frequent callers made; of several months the highest.'),
    ('fact_concentration_monthly', 'Repeat callers', 'Gini of contacts', "MAX(Concentration[gini coefficient])", '0.00', '0: all callers alike; towards 1: all from one; of several months the highest.'),
    ('fact_flag', 'Repeat callers', 'Flags', "CALCULATE(COUNTROWS(Flag), Flag[is withdrawn] = FALSE())", '#,##0', 'Flags that stand, by the day on which the rule was met.'),
    ('fact_risk', 'Risk', 'Callers in tier 1', "CALCULATE(COUNTROWS(Risk), Risk[risk tier] = 1)", '#,##0', 'Callers to be looked at first. A prompt for people, not a verdict.'),
    ('meta_refresh', 'Data quality', 'Data as at', "MAX(Refresh[data as at local])", 'dd mmm yyyy hh:nn:ss', 'As of when, in local time, the data are.'),
    ('meta_data_quality', 'Data quality', 'Failed share', "DIVIDE(SUM('Data quality'[failed count]), SUM('Data quality'[checked count]))", '0.0%', 'Share of contacts for which a check finds something; choose one check.'),
]

# A force fills in who sees which district; facts that know no district are hidden from these viewers.
ROLE = 'Own districts'
ROLE_FILTERS = [
    ('District', "'District'[district code] IN SELECTCOLUMNS(FILTER(Access, Access[user] = USERPRINCIPALNAME()), \"code\", Access[access district])"),
    ('Contact', 'FALSE()'), ('Contact of a repeat caller', 'FALSE()'), ('Flag', 'FALSE()'), ('Risk', 'FALSE()'), ('One contact away', 'FALSE()'),
]

# A filter that a visual opens with, and its reader may change.
LAST_28_DAYS, LAST_13_MONTHS = ('dim_date', 'is_last_28_days'), ('dim_date', 'is_last_13_months')
# Charts by day end with yesterday: today would seem a fall.
LAST_28_WHOLE_DAYS = (LAST_28_DAYS, ('dim_date', 'is_over'))

# A visual: (type, title, {role: fields}), then a filter and the field that it is sorted by, descending, if it has them;
# a field is [Measure] or (view, column).
PAGES = [
    ('Overview', [
        ('card', 'Contacts in 28 days', {'Values': ['[Contacts]']}, LAST_28_DAYS), ('card', 'On the roster', {'Values': ['[On the roster]']}),
        ('card', 'One contact away', {'Values': ['[One contact away from a rule]']}), ('card', 'Data as at', {'Values': ['[Data as at]']}),
        ('lineChart', 'Contacts by month and channel group', {'Category': [('dim_date', 'month_start')], 'Series': [('dim_channel', 'channel_group')], 'Y': ['[Contacts]']}, LAST_13_MONTHS),
        ('clusteredColumnChart', 'New, returned and dropped out by week', {'Category': [('dim_date', 'week_start')], 'Y': ['[New]', '[Returned]', '[Dropped out]']}, LAST_13_MONTHS),
        ('lineChart', 'Share of the top ten callers', {'Category': [('dim_date', 'month_start')], 'Y': ['[Share of the top ten]']}, LAST_13_MONTHS),
    ]),
    ('Repeat callers', [
        ('tableEx', 'The roster, most contacts first', {'Values': [('dim_caller', 'caller_pseudonym'), ('dim_rule', 'rule_label'), ('fact_caller_snapshot', 'roster_status'), '[Contacts in 28 days]', '[Contacts in the 28 days before]']}, None, '[Contacts in 28 days]'),
        ('lineChart', 'On the roster by day', {'Category': [('dim_date', 'full_date')], 'Series': [('dim_rule', 'rule_label')], 'Y': ['[On the roster by rule]']}, LAST_13_MONTHS),
        ('clusteredBarChart', 'By band of contacts', {'Category': [('dim_band', 'band_name')], 'Y': ['[On the roster]']}),
        ('tableEx', 'One contact away', {'Values': [('dim_caller', 'caller_pseudonym'), ('dim_rule', 'rule_label'), ('fact_one_contact_away', 'missing_criterion'), ('fact_one_contact_away', 'window_lapses_local')]}),
    ]),
    ('Caller profile', [
        ('slicer', 'Caller', {'Values': [('dim_caller', 'caller_pseudonym')]}),
        ('clusteredColumnChart', 'Contacts by week', {'Category': [('dim_date', 'week_start')], 'Series': [('dim_channel', 'channel_name')], 'Y': ['[Contacts of the caller]']}),
        ('pivotTable', 'Hour and weekday', {'Rows': [('dim_time', 'hour_label')], 'Columns': [('dim_date', 'day_name')], 'Values': ['[Contacts of the caller]']}),
        ('tableEx', 'Flags', {'Values': [('dim_rule', 'rule_label'), ('fact_flag', 'flag_met_local'), ('fact_flag', 'flag_ended_local'), ('fact_flag', 'is_withdrawn')]}),
        ('tableEx', 'Scores and natures', {'Values': [('fact_risk', 'risk_tier'), ('fact_risk', 'caller_natures'), ('fact_risk', 'is_repeat_victim'), ('fact_risk', 'is_vulnerable'), ('fact_risk', 'risk_as_of_utc')]}),
    ]),
    ('Demand by hour and weekday', [
        ('pivotTable', 'Contacts by hour and weekday, 13 months', {'Rows': [('dim_date', 'day_name')], 'Columns': [('dim_time', 'hour_label')], 'Values': ['[Contacts in the hour]']}, LAST_13_MONTHS),
        ('clusteredColumnChart', 'Contacts by hour, 13 months', {'Category': [('dim_time', 'hour_label')], 'Y': ['[Contacts in the hour]']}, LAST_13_MONTHS),
        ('clusteredBarChart', 'Contacts by shift, 13 months', {'Category': [('dim_time', 'shift_name')], 'Y': ['[Contacts in the hour]']}, LAST_13_MONTHS),
    ]),
    ('Channels', [
        ('clusteredBarChart', 'Contacts by channel, 28 days', {'Category': [('dim_channel', 'channel_name')], 'Y': ['[Contacts]']}, LAST_28_DAYS, '[Contacts]'),
        ('lineChart', 'Answered within 10 seconds', {'Category': [('dim_date', 'month_start')], 'Series': [('dim_channel', 'channel_group')], 'Y': ['[Answered within 10 seconds]']}, LAST_13_MONTHS),
        ('tableEx', 'Service by channel, 28 days', {'Values': [('dim_channel', 'channel_name'), '[Contacts]', '[Answered]', '[Mean seconds to answer]', '[Abandoned]', '[Abandoned share]']}, LAST_28_DAYS, '[Contacts]'),
        ('tableEx', 'What it is about, 28 days', {'Values': [('dim_contact_type', 'contact_type_group'), ('dim_contact_type', 'contact_type_name'), '[Contacts]', '[Hours of handling]', '[Incidents]', '[Deployments]']}, LAST_28_DAYS, '[Contacts]'),
    ]),
    ('Places', [
        ('clusteredBarChart', 'Contacts by district, 28 days', {'Category': [('dim_district', 'district_name')], 'Y': ['[Contacts]']}, LAST_28_DAYS, '[Contacts]'),
        ('clusteredBarChart', 'Repeat callers by Community Safety Unit', {'Category': [('dim_district', 'csu_name')], 'Y': ['[On the roster]']}, None, '[On the roster]'),
        ('tableEx', 'Districts, 28 days', {'Values': [('dim_district', 'district_name'), ('dim_district', 'csu_name'), '[Contacts]', '[Hours of handling]', '[Share of policing demand]', '[On the roster]']}, LAST_28_DAYS, '[Contacts]'),
    ]),
    ('Interventions', [
        ('textbox', 'Interventions are not recorded in this version. Until they are, this page shows who came back onto the roster, and who left it.', {}),
        ('clusteredColumnChart', 'Returned and dropped out by month', {'Category': [('dim_date', 'month_start')], 'Y': ['[Returned]', '[Dropped out]']}, LAST_13_MONTHS),
        ('lineChart', 'Contacts of repeat callers', {'Category': [('dim_date', 'month_start')], 'Series': [('dim_rule', 'rule_label')], 'Y': ['[Contacts of repeat callers]']}, LAST_13_MONTHS),
    ]),
    ('Data quality', [
        ('tableEx', 'Freshness', {'Values': [('meta_refresh', 'data_as_at_local'), ('meta_refresh', 'latest_contact_local'), ('meta_refresh', 'waiting_change_count'), ('meta_refresh', 'last_run_state'), ('meta_refresh', 'rules_in_force')]}),
        ('pivotTable', 'Failed checks by system, 28 days', {'Rows': [('meta_data_quality', 'check_name')], 'Columns': [('dim_feed', 'feed_name')], 'Values': ['[Failed share]']}, LAST_28_DAYS),
        ('lineChart', 'Failed checks by day, to yesterday', {'Category': [('dim_date', 'full_date')], 'Series': [('meta_data_quality', 'check_name')], 'Y': ['[Failed share]']}, LAST_28_WHOLE_DAYS),
    ]),
]
