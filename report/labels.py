"""What the Power BI report and the dashboard call things: pages, charts and measures, each named once for both.

powerbi/pages.py and dashboard/pages.py say how each of the two shows them.
"""
import collections

# ---------------------------------------------------------------------- pages

OVERVIEW = 'Overview'
REPEAT_CALLERS = 'Repeat callers'
CALLER_PROFILE = 'Caller profile'
DEMAND = 'Demand by hour'
CHANNELS = 'Channels'
PLACES = 'Places'
INTERVENTIONS = 'Interventions'
DATA_QUALITY = 'Data quality'

# What is said where the page of interventions would show them.
NO_INTERVENTIONS = (
    'Interventions are not recorded in this version. Until they are, this page shows who dropped off the roster, and '
    'who returned to it.'
)

# In their order: the page, and the question that it answers.
PAGES = {
    OVERVIEW: 'How many came onto the roster or dropped off it, how much are we contacted, and how much of it is by '
              'repeat callers?',
    REPEAT_CALLERS: 'Who is on the roster, is it growing, and who is about to join it?',
    CALLER_PROFILE: 'When and how does one caller contact us? Choose the caller on the left; names are not in these '
                    'views.',
    DEMAND: 'At which hours of the week does demand come? Local time, all contacts of the period chosen.',
    CHANNELS: 'How do people reach us, and are they answered in time?',
    PLACES: 'Where does demand come from, and where do repeat callers contact us from?',
    INTERVENTIONS: f'Do callers come off the roster, and do they stay off? {NO_INTERVENTIONS}',
    DATA_QUALITY: 'Can these figures be relied on: is the data complete and fresh?',
}

# ------------------------------------------------------------ titles of charts

CHOSEN_CALLER = 'Caller'
CONTACTS_BY_CHANNEL = 'Contacts by channel'
CONTACTS_BY_DISTRICT = 'Contacts by district'
CONTACTS_BY_HOUR_AND_WEEKDAY = 'Contacts by hour and weekday'
CONTACTS_BY_SHIFT = 'Contacts by shift'
CONTACTS_BY_WEEK_AND_CHANNEL = 'Contacts by week and channel'
CONTACTS_OF_28_DAYS = 'Contacts in 28 days'
DISTRICTS = 'Districts'
EMERGENCY_ANSWERS = 'Answered within 10 seconds, emergency calls'
FAILED_SHARE_BY_DAY = 'Failed share by day and check'
FLAGS_OF_CALLER = 'Flags'
FRESHNESS = 'Freshness'
ON_ROSTER_BY_BAND = 'On the roster by band of contacts'
ON_ROSTER_BY_DAY = 'On the roster by day and rule'
ONE_CONTACT_AWAY = 'One contact away'
ROSTER = 'The roster, most contacts first'
ROSTER_BY_WEEK = 'New, returned and dropped off by week'
SCORES = 'Scores and natures'
SERVICE_BY_CHANNEL = 'Service by channel'
WHAT_IT_IS_ABOUT = 'What it is about'

# What follows the title of a chart that keeps to a period.
IN_28_DAYS = ', 28 days'
IN_13_MONTHS = ', 13 months'
TO_YESTERDAY = ', to yesterday'

# ------------------------------------------------------------------- measures

Measure = collections.namedtuple('Measure', 'name description')

CONTACTS = Measure('Contacts', 'Contacts that count.')
CONTACTS_A_DAY = Measure('Contacts a day', 'Contacts per day of the period up to today, which is not over.')
CONTACTS_LAST_YEAR = Measure('Contacts last year', 'Contacts of the same days a year before.')
CHANGE_ON_LAST_YEAR = Measure('Change on last year', 'Contacts against the year before.')
CONTACTS_IN_THE_HOUR = Measure('Contacts in the hour', 'Contacts by local hour.')
CONTACTS_IN_DETAIL = Measure('Contacts in detail', 'Contacts one by one.')
HANDLING_HOURS = Measure('Hours of handling', 'Hours that call handlers spent; blank where none are recorded.')
INCIDENTS = Measure('Incidents', 'Contacts that led to an incident.')
DEPLOYMENTS = Measure('Deployments', 'Contacts to which officers were sent; blank where it is not recorded.')
DEPLOYED_SHARE = Measure(
    'Deployed share',
    'Share of contacts to which officers were sent, of those where it is recorded; blank where it never is.')
POLICING_SHARE = Measure('Share of policing demand', 'Share of contacts that are for the police to deal with.')

ANSWERED = Measure('Answered', 'Contacts with a known time of answer.')
ANSWERED_WITHIN_10S = Measure(
    'Answered within 10 seconds',
    'Share of answered emergency calls; blank for other channels, which have no such standard.')
MEAN_ANSWER = Measure('Mean seconds to answer', 'Over the contacts that were answered.')
ABANDONED = Measure('Abandoned', 'Calls that were abandoned; blank where it is not recorded.')
ABANDONED_SHARE = Measure(
    'Abandoned share',
    'Share of calls that were abandoned, of those where it is recorded; blank where it never is.')

ON_ROSTER = Measure(
    'On the roster',
    'Callers on the roster at the end of the last day of the period, or now. Each counts once, however many rules '
    'they meet; never a sum over days.')
ON_ROSTER_BY_RULE = Measure(
    'On the roster by rule',
    'Callers on the roster, summed over rules: split it by rule, or choose one. Quick over many days.')
NEW = Measure('New', 'Callers who came onto the roster for the first time in the period, by rule.')
CONTINUING = Measure('Continuing', 'Callers who were on the roster the day before, too, by rule.')
RETURNED = Measure('Returned', 'Callers who came back onto the roster, by rule.')
DROPPED_OFF = Measure('Dropped off', 'Callers who dropped off the roster, by rule.')
CALLERS_ONE_AWAY = Measure(
    'One contact away from a rule', 'Callers whom one more contact now would put on the roster of a rule.')
CONTACTS_28D = Measure(
    'Contacts in 28 days', 'Contacts in 28 days of those on the roster, as at the last day of the period.')
CONTACTS_PREVIOUS_28D = Measure('Contacts in the 28 days before', 'The same for the 28 days before those.')
CONTACTS_OF_CALLER = Measure('Contacts of the caller', 'Contacts of callers who were ever on the roster; choose one.')
CALLERS_OF_MONTH = Measure(
    'Repeat callers', 'Callers on the roster in a month, by rule; choose one rule and one month.')
CONTACTS_OF_REPEAT_CALLERS = Measure(
    'Contacts of repeat callers', 'Contacts in the month of callers who were on the roster in it.')
REPEAT_SHARE = Measure(
    'From repeat callers',
    'Of all contacts of the last 28 days, the share made by callers who are on the roster of any rule today. Callers '
    'who dropped off before today are not counted.')
TOP_10_SHARE = Measure(
    'Top 10 share',
    "Share of a month's contacts that the ten most frequent callers made; of several months the highest.")
TOP_1_PERCENT_SHARE = Measure('Top 1 % share', 'The same of the most frequent 1 % of callers.')
TOP_5_PERCENT_SHARE = Measure('Top 5 % share', 'The same of the most frequent 5 % of callers.')
GINI = Measure('Gini of contacts', '0: all callers alike; towards 1: all from one; of several months the highest.')
FLAGS = Measure('Flags', 'Flags that stand, by the day on which the rule was met.')
FOR_SORTING = Measure('For sorting', 'The latest day first, and on each day the rules in their order.')

CALLERS_SCORED = Measure('Callers', 'Callers who have scores.')
CALLERS_IN_TIER_1 = Measure('Callers in tier 1', 'Callers to check first. A prompt for people, not a verdict.')

DATA_AS_AT = Measure('Data as at', 'The figures include everything recorded up to this local time.')
LAST_CONTACT = Measure('Last contact', 'When the latest contact of the feed was, in local time.')
LAST_LOADED = Measure('Last loaded, UTC', 'When the feed last sent a contact.')
CHECKED = Measure('Checked', 'Contacts that a check looks at.')
FAILED = Measure('Failed', 'Contacts for which a check finds something.')
FAILED_SHARE = Measure('Failed share', 'Share of contacts for which a check finds something; choose one check.')
