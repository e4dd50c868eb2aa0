# Nothing that identifies a person reaches dashboards, but for the names and
# numbers of those who met a rule in engage_bi_named; and who reads dashboards
# has no other way into the register.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = engage_node('privacy');
my %LOGIN = (engage_bi => 'powerbi', engage_bi_named => 'coordinator', engage_bi_public => 'publisher');

# ------------------------------------------------------------ what is planted

# Invented, and found nowhere else.  One caller meets a rule, one does not; no
# code or district of theirs is in the lists, and some hold what they must not.
my %FLAGGED = (
	number_raw => '07700 900777', given_name => 'Quillon', family_name => 'Zephyrstone', date_of_birth => '1907-07-08', address => '77 Umbervale Mews',
	postcode => 'ZZ97 7QX', email => 'quixotia@zephyr.example', imei => '359151099797977', nominal_ref => 'NOMREF8675309', district => 'at Umberholme cottage',
	opening_code => 'OPENING Vexillary, next door', closing_code => 'CLOSED with Marchbanking', qualifiers => '{Q-PALIMPSESTIC}', subject => 'Subject Octarina said',
	demand_class => 'class Fandangular', grade => 'grade Gossamerly', tag => 'Tagged Kestrelwood of no. 5', incident_ref => 'INC-5647382910', recording_ref => 'REC-9182736450',
	details => '{"secret": "Detailed Halcyonite"}');
my %UNFLAGGED = (
	number_raw => '01632 960757', given_name => 'Ferrimore', family_name => 'Oldcastling', date_of_birth => '1909-09-10', address => '8 Thornebury Wynd',
	postcode => 'ZZ98 8QY', email => 'lorimer@oldcastle.example', imei => '359151099686865', nominal_ref => 'NOMREF1029384', district => 'Wexcombe barn',
	opening_code => 'Opened Bellicoser', closing_code => undef, qualifiers => '{Q-SUSURRANT}', subject => 'Subject Penumbrial', demand_class => 'class Larkspurred',
	grade => 'grade Mandrakely', tag => 'Tagged Nimbusly', incident_ref => 'INC-6473829105', recording_ref => 'REC-1827364509', details => '{"secret": "Detailed Obsidianly"}');

# What to look for in text that is lower-cased, and in that without all but digits.
my @WORDS = qw(quillon zephyrstone umbervale zz97 quixotia nomref8675309 umberholme vexillary marchbanking palimpsestic octarina fandangular
  gossamerly kestrelwood inc-5647382910 rec-9182736450 halcyonite srcrefaq ferrimore oldcastling thornebury zz98 lorimer nomref1029384
  wexcombe bellicoser susurrant penumbrial larkspurred mandrakely nimbusly inc-6473829105 rec-1827364509 obsidianly srcrefbq
  1907-07-08 1909-09-10 51.98765 -0.87654);
my @DIGITS = qw(7700900777 1632960757 359151099797977 359151099686865 5647382910 9182736450 6473829105 1827364509);
my @ELSEWHERE = qw(umbralith vellichor);	# a marker's source, a label of a number
my $WORDS = join '|', map { quotemeta } @WORDS, @ELSEWHERE;
my $DIGITS = join '|', @DIGITS;

sub literal { my ($value) = @_; return defined $value ? "'$value'" : 'NULL'; }

sub plant
{
	my ($prefix, $times, $step, $person) = @_;
	my @columns = sort keys %$person;
	my $list = join ', ', @columns;
	my $values = join ', ', map { literal($person->{$_}) } @columns;

	$node->safe_psql('force', "
		INSERT INTO engage.contact (source, source_ref, occurred_at, channel, answered_at, handling_seconds, latitude, longitude, location_radius_m, $list)
		SELECT 'command', '$prefix' || g, now() - g * interval '$step', '999_voice', now() - g * interval '$step' + interval '5 seconds', 60, 51.9876512, -0.8765432, 5, $values
		FROM generate_series(0, $times - 1) g");
	return;
}

$node->safe_psql('postgres', 'CREATE DATABASE force');
$node->safe_psql(
	'force', q{
	SET client_min_messages = warning;
	CREATE EXTENSION engage;
	SELECT engage.setup();
	INSERT INTO engage.rule (name, version, kind, criteria) VALUES ('plain', 1, 'criteria', '{5 in 7 days}');
	INSERT INTO engage.district (district, label) VALUES ('north', 'North');
	INSERT INTO engage.incident_code (code, label) VALUES ('C1', 'Concern for safety');
	SELECT engage.adopt_risk_factors();
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, district, opening_code)
	SELECT 'telephony', g::text, now() - g * interval '3 hours', '101_voice', '07700 900' || 100 + g % 40, 'north', 'C1' FROM generate_series(1, 800) g;
	INSERT INTO engage.known_number (number, sharing, label) VALUES ('+447700900101', 'shared_household', 'Vellichor house');});
plant('SRCREFAQ-', 110, '20 hours', \%FLAGGED);
plant('SRCREFBQ-', 3, '30 days', \%UNFLAGGED);
$node->safe_psql(
	'force', q{
	CALL engage.refresh();
	SELECT engage.mark_caller(p.caller_id, 'vulnerable', 'Umbralith clinic') FROM engage.persona p WHERE p.family_name = 'Zephyrstone' LIMIT 1;
	CALL engage.refresh();
	SELECT engage.publish_months();});
$node->safe_psql('force', "SELECT engage.set_up_bi_login('$LOGIN{$_}', '$_')") for sort keys %LOGIN;

# Personas' keys are hashes of numbers, which could be guessed.
$WORDS .= '|' . $node->safe_psql('force', q{SELECT string_agg(DISTINCT persona_key::text, '|') FROM engage.contact WHERE source = 'command'});

sub sorted_list { return split /\n/, $node->safe_psql('force', $_[0]); }

# ---------------------------------------------------------------- the search

# Columns of these relations in which something planted is found, as this user sees them.
sub found_in
{
	my ($user, @relations) = @_;
	my @found;

	for my $relation (@relations)
	{
		my @columns = sorted_list("SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = '$relation'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum");
		my $each = join ', ', map { "('$_', v.$_\::text)" } @columns;

		push @found, split /\n/, $node->safe_psql('force', "
			SELECT DISTINCT '$relation.' || c.name FROM $relation v, LATERAL (VALUES $each) c (name, value)
			WHERE lower(c.value) ~ '$WORDS' OR regexp_replace(c.value, '[^0-9]', '', 'g') ~ '$DIGITS' ORDER BY 1", extra_params => [ '-U', $user ]);
	}
	return join ' ', @found;
}

sub views_of
{
	my ($schema) = @_;

	return sorted_list("SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = '$schema'::regnamespace ORDER BY 1");
}

# It would find everything.
my $owner = $node->safe_psql('force', 'SELECT current_user');
my $text = $node->safe_psql('force', q{SELECT lower(string_agg(c::text, ' ')) FROM engage.contact c WHERE source = 'command'});
is(join(' ', grep { index($text, $_) < 0 } @WORDS), '', 'all that is looked for is in contacts');
(my $digits = $text) =~ s/[^0-9]//g;
is(join(' ', grep { index($digits, $_) < 0 } @DIGITS), '', 'numbers too');
is(found_in($owner, 'engage.contact'), join(' ', map { "engage.contact.$_" } sort(keys %FLAGGED, qw(latitude longitude persona_key source_ref))),
	'the search finds every planted column of contacts');
like(found_in($owner, 'engage.marker', 'engage.known_number'), qr/marker\.source .*known_number\.label/, 'and those elsewhere');
is($node->safe_psql('force', q{SELECT count(DISTINCT p.caller_id) FROM engage.persona p JOIN engage.flag f USING (caller_id) WHERE p.family_name = 'Zephyrstone' AND f.withdrawn_at IS NULL}),
	'1', 'one of the planted callers is flagged');
is($node->safe_psql('force', q{SELECT count(*) FROM engage.persona p JOIN engage.flag f USING (caller_id) WHERE p.family_name = 'Oldcastling'}), '0', 'the other is not');

for my $schema (qw(engage_bi engage_bi_public))
{
	my @views = views_of($schema);

	is(found_in($LOGIN{$schema}, @views), '', "$schema: nothing planted is in any column of its " . @views . ' views');
	isnt($node->safe_psql('force', "SELECT count(*) FROM $_", extra_params => [ '-U', $LOGIN{$schema} ]), '0', "$_ has rows")
	  for $schema eq 'engage_bi' ? qw(engage_bi.fact_contact engage_bi.fact_flag engage_bi.fact_caller_snapshot engage_bi.fact_risk) : qw(engage_bi_public.contact_monthly);
}
is($node->safe_psql('force', q{SELECT count(*) FROM engage_bi.fact_contact WHERE district_key = -1 AND contact_type_key = -1}), '113', 'planted contacts are counted, under what is not known');

# Who may know sees the one who met a rule, and not the other.
is(found_in('coordinator', views_of('engage_bi_named')), join(' ', map { "engage_bi_named.dim_caller_named.$_" } qw(named_caller_label named_date_of_birth named_most_used_number)),
	'engage_bi_named has name, birth and number');
my $named = $node->safe_psql('force', 'SELECT named_caller_label, named_most_used_number FROM dim_caller_named', extra_params => [ '-U', 'coordinator' ]);
like($named, qr/^Quillon Zephyrstone\|\+447700900777$/m, 'of the flagged caller');
unlike($named, qr/Oldcastling|960757/, 'and not of the other');

# Nor by an error about a row that the view leaves out, however it is planned.
sub errors_of_others
{
	my @told;

	for my $plan ('', 'SET join_collapse_limit = 1; SET from_collapse_limit = 1;', 'SET join_collapse_limit = 1; SET enable_hashjoin = off; SET enable_mergejoin = off;', 'SET enable_nestloop = off;')
	{
		for my $column (qw(named_caller_label named_most_used_number))
		{
			my $test = "CASE WHEN $column ~ 'Ferrimore|960757' THEN ('x' || $column)::integer > 0 ELSE true END";
			my (undef, undef, $stderr) = $node->psql('force', "$plan SELECT count(*) FROM dim_caller_named WHERE $test", extra_params => [ '-U', 'coordinator' ]);

			push @told, "$plan $column" if $stderr =~ /Oldcastling|960757/;
		}
	}
	return join "\n", @told;
}

is(errors_of_others(), '', 'no error tells of one who met no rule');
$node->safe_psql('force', 'ALTER VIEW engage_bi_named.dim_caller_named RESET (security_barrier)');
isnt(errors_of_others(), '', 'which some would without security_barrier');
$node->safe_psql('force', 'ALTER VIEW engage_bi_named.dim_caller_named SET (security_barrier)');

# ------------------------------------------------------------ names, comments

# All who may connect see these, of all schemas.
is($node->safe_psql('force', "
	SELECT string_agg(n, ' ') FROM (
		SELECT description FROM pg_description UNION ALL SELECT description FROM pg_shdescription
		UNION ALL SELECT relname FROM pg_class UNION ALL SELECT attname FROM pg_attribute UNION ALL SELECT proname FROM pg_proc
		UNION ALL SELECT rolname FROM pg_roles) t (n)
	WHERE lower(n) ~ '$WORDS' OR regexp_replace(n, '[^0-9]', '', 'g') ~ '$DIGITS'"), '', 'no name or comment tells anything');
for my $schema (sort keys %LOGIN)
{
	is($node->safe_psql('force', "SELECT count(*) FROM pg_stats WHERE schemaname LIKE 'engage%'", extra_params => [ '-U', $LOGIN{$schema} ]), '0', "$LOGIN{$schema}: sees no statistics of columns");
}

# --------------------------------------------------------------------- rights

sub tries
{
	my ($user, @statements) = @_;
	my (undef, undef, $stderr) = $node->psql('force', join("\n", "\\set VERBOSITY verbose", map { "$_;" } @statements), on_error_stop => 0, extra_params => [ '-U', $user ]);

	return $stderr;
}

my @TABLES = sorted_list(q{SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = ANY ('{engage,engage_internal}'::regnamespace[]) AND c.relkind IN ('r', 'v', 'm', 'p', 'f') ORDER BY 1});
my @SEQUENCES = sorted_list(q{SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = ANY ('{engage,engage_internal}'::regnamespace[]) AND c.relkind = 'S' ORDER BY 1});
my @ROUTINES = sorted_list(q{
	SELECT format('%s %s.%I(%s)', CASE p.prokind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, p.pronamespace::regnamespace, p.proname, string_agg('NULL::' || format_type(a.t, NULL), ', ' ORDER BY a.n))
	FROM pg_proc p LEFT JOIN LATERAL unnest(p.proargtypes) WITH ORDINALITY a (t, n) ON true
	WHERE p.pronamespace = ANY ('{engage,engage_internal}'::regnamespace[]) AND p.prokind <> 'a' AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND NOT 'internal'::regtype = ANY (p.proargtypes)
	GROUP BY p.oid, p.prokind, p.proname ORDER BY 1});
s/\(NULL::\)$/()/ for @ROUTINES;
cmp_ok(scalar @TABLES, '>', 50, 'the register has tables and views');
cmp_ok(scalar @ROUTINES, '>', 200, 'and routines');

for my $schema (sort keys %LOGIN)
{
	my $login = $LOGIN{$schema};
	my @others = map { views_of($_) } grep { $_ ne $schema } sort keys %LOGIN;
	my @forbidden = (map({ "SELECT FROM $_ LIMIT 0" } @TABLES, @SEQUENCES, @others), @ROUTINES);
	my $stderr = tries($login, @forbidden);
	my $denied = () = $stderr =~ /ERROR:  42501: permission denied for /g;

	is($denied, scalar @forbidden, "$login: is denied every table, sequence, foreign view and routine");
	is(join("\n", grep { /ERROR: / && !/42501/ } split /\n/, $stderr), '', "$login: and fails for no other reason");
	is(join(' ', sorted_list("
		SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE (n.nspname LIKE 'engage%' OR n.nspname = 'public') AND n.nspname <> '$schema' AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
			AND has_any_column_privilege('$login', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') ORDER BY 1")), '', "$login: has no right on anything else");
	is(join(' ', sorted_list("SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = '$schema'::regnamespace AND
			(has_any_column_privilege('$login', c.oid, 'INSERT, UPDATE, REFERENCES') OR has_table_privilege('$login', c.oid, 'DELETE, TRUNCATE, TRIGGER'))")), '', "$login: may do no more than read its views");
	is($node->safe_psql('force', "SELECT concat_ws(' ', has_schema_privilege('$login', 'engage', 'USAGE'), has_schema_privilege('$login', 'engage_internal', 'USAGE'), has_schema_privilege('$login', '$schema', 'CREATE'), has_schema_privilege('$login', 'public', 'CREATE'))"),
		'f f f f', "$login: cannot name what is in engage, nor create anything");

	# What views call they may run, though not by name: none of it reads the
	# register, but for current_caller, which gives an id for an id that no view has.
	is(join("\n", sorted_list("
		SELECT p.oid::regprocedure FROM pg_proc p
		WHERE p.pronamespace = ANY ('{engage,engage_internal}'::regnamespace[]) AND has_function_privilege('$login', p.oid, 'EXECUTE') AND p.proname <> 'current_caller'
			AND (p.prosecdef OR p.prokind = 'p' OR p.provolatile = 'v' OR p.prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'sql', 'internal'))
				OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_class'::regclass)) ORDER BY 1")), '',
		"$login: may execute nothing that reads tables or has rights of its own");
	is($node->safe_psql('force', "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname IN ('$login', '$schema')"), '1', "$login: is a member of $schema alone");
}

$node->stop;
done_testing();
