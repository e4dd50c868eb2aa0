# A dump restores into an empty database, of the same cluster or of a fresh one
# that knows none of the roles: the register is as it was, ids and rights
# included, and goes on from there.  Then DROP EXTENSION, and the clusters and
# databases in which CREATE EXTENSION refuses to work.

use strict;
use warnings FATAL => 'all';
use EngageTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
my $old = engage_node('old');

# -------------------------------------------------------------------- register

# Invented numbers call at invented times: number 0 often, 1 more often and for
# a while, 2 is a phone box, the rest now and then.  Ninety contacts have none.
$old->safe_psql('postgres', 'CREATE DATABASE force');
$old->safe_psql(
	'force', q{
	CREATE EXTENSION engage;
	SELECT engage.setup(rules => 'kent_v1');
	SELECT engage.adopt_rules('frecann_adult');
	SELECT engage.adopt_rules('kent_v2', '2026-02-01');
	INSERT INTO engage.rule (name, version, kind, top_n, top_period) VALUES ('top', 1, 'top', 2, 'week');
	UPDATE engage.policy SET flag_current_for = '90 days', emergency_override = 'Listen first.';
	INSERT INTO engage.known_number (number, sharing, label) VALUES
		('+447700900002', 'payphone', 'Invented Street'), ('+447700900003', 'shared_household', NULL);
	INSERT INTO engage.district (district, label, csu) VALUES ('S', 'South', 'South team'), ('N', 'North', NULL);
	INSERT INTO engage.incident_code (code, label, is_policing) VALUES ('C1', 'Concern', NULL), ('C2', 'Crime', true);
	DELETE FROM engage.bank_holiday WHERE day < '2020-01-01';
	INSERT INTO engage.bank_holiday VALUES ('2026-07-01', 'Invented Day');
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, district, opening_code, details)
	SELECT CASE WHEN n % 7 = 0 THEN 'web' ELSE 'test' END, n::text,
		timestamptz '2026-01-05 00:00Z' + CASE n % 9 WHEN 0 THEN n * interval '3 hours' WHEN 1 THEN n * interval '2 hours' ELSE n * interval '4 hours 7 seconds' END,
		(enum_range(NULL::engage.contact_channel))[1 + n % 5], CASE WHEN n % 9 < 8 THEN '07700 90000' || n % 9 END,
		CASE WHEN n % 4 = 0 THEN 'Ada' END, ('{N,S,Elsewhere}'::text[])[n % 4], ('{C1,C2,Free text}'::text[])[n % 5], jsonb_build_object('n', n)
	FROM generate_series(1, 810) n;
	CALL engage.refresh();
	DELETE FROM engage.contact WHERE number_raw = '07700 900001' AND occurred_at > '2026-01-12';
	UPDATE engage.contact SET occurred_at = occurred_at + interval '5 minutes' WHERE number_raw = '07700 900000' AND contact_id % 2 = 0;
	CALL engage.refresh();
	SELECT engage.confirm_link('07700 900004', '07700 900005', 'she said so');
	SELECT engage.reject_link('07700 900006', '07700 900007', 'two people');
	UPDATE engage.policy SET refit_every = NULL;
	SELECT engage.adopt_risk_factors();
	SELECT engage.set_risk_factor('counted', 2, axis => 'harm', measure => 'harm_weight', matches => '{days}', label => 'Days');
	INSERT INTO engage.harm_weight VALUES ('days', 'D1', 20, NULL);
	SELECT engage.mark_caller(min(caller_id), 'vulnerable', 'case 1') FROM engage.caller;
	CALL engage.refresh();
	CREATE ROLE force_operator LOGIN IN ROLE engage_operator;
	CREATE ROLE force_loader LOGIN IN ROLE engage_loader;
	GRANT SELECT ON engage.refresh_run TO engage_bi;
	CREATE TABLE public.pattern (times engage.timeline PRIMARY KEY, often engage.criterion);
	INSERT INTO public.pattern SELECT timeline, '5 per day in Europe/London' FROM engage.caller WHERE timeline IS NOT NULL;
	GRANT SELECT ON public.pattern TO engage_analyst;});

is($old->safe_psql('force', 'SELECT count(*) FROM engage.verify()'), '0', 'the register is in line');
cmp_ok($old->safe_psql('force', 'SELECT count(*) FROM engage.flag WHERE withdrawn_at IS NULL'), '>', 5, 'flags stand');
cmp_ok($old->safe_psql('force', 'SELECT count(*) FROM engage.flag WHERE withdrawn_at IS NOT NULL'), '>', 0, 'others were withdrawn');

# One change waits, of somebody new.
$old->safe_psql('force', q{INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
	VALUES ('test', 'waits', '2026-04-01', 'email', '07700 900099')});

# What a foreign key would do, which a restore with several workers could not load under.
fails_with($old, 'force', 'DELETE FROM engage.rule;', '23503', qr/HINT:  Set its valid_to/, 'a rule that has flags stays');

# ---------------------------------------------------------------- what to keep

my @TABLES = qw(contact persona persona_timeline shared_number caller link link_decision merge_event linkage_model linkage_term linkage_state
	identity_detail flag rule policy channel known_number refresh_run verification marker_kind marker harm_weight risk_model risk_factor risk_state
	caller_risk risk_evaluation risk_prediction district incident_code bank_holiday calendar feed daily_count hourly_count feed_count
	roster roster_month monthly_concentration publication published_count);
my @INTERNAL = qw(persona_block block_large caller_pseudonym persona_gone later refresh_lock);

sub tables
{
	my ($node, $db) = @_;
	my %seen = map { $_ => $node->safe_psql($db, "SELECT t FROM $_ t ORDER BY t::text") } (map({ "engage.$_" } @TABLES), map({ "engage_internal.$_" } @INTERNAL));
	$seen{pattern} = $node->safe_psql($db, 'SELECT p FROM public.pattern p ORDER BY p.times');
	$seen{triggers} = $node->safe_psql($db, q{SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2});
	return \%seen;
}

# Flags without when and by which run, which two databases cannot share, and
# without ids, as periods come from the queue in any order.
my $FLAGS = q{
	SELECT f.rule_id, f.caller_id, f.started_at, f.met_at, f.ended_at, f.contacts, f.peak, f.criteria_met, f.withdrawn_reason
	FROM engage.flag f ORDER BY 1, 2, 3, 4, 5};
my $ALL_FLAGS = 'SELECT f FROM engage.flag f ORDER BY f.flag_id';
my $IDS = q{
	SELECT (SELECT max(contact_id) FROM engage.contact), (SELECT max(caller_id) FROM engage.caller),
		(SELECT max(flag_id) FROM engage.flag), (SELECT max(rule_id) FROM engage.rule), (SELECT max(district_key) FROM engage.district),
		(SELECT max(contact_type_key) FROM engage.incident_code), (SELECT max(feed_key) FROM engage.feed), (SELECT count(DISTINCT contact_id) FROM engage.contact)};

# What dashboards show; keys of new callers are drawn by lot.
my $SHOWN = q{
	SELECT 'daily ' || d::text FROM engage_bi.fact_contact_daily d UNION ALL SELECT 'hourly ' || d::text FROM engage_bi.fact_contact_hourly d
	UNION ALL SELECT 'monthly ' || m::text FROM engage_bi.fact_repeat_caller_monthly m UNION ALL SELECT 'roster ' || r::text FROM engage.roster r
	UNION ALL SELECT 'caller ' || (count(*), count(DISTINCT caller_key))::text FROM engage_bi.dim_caller ORDER BY 1};

# New contacts, a new caller with a new flag, a new rule, district and code.
my $GO_ON = q{
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
	SELECT 'later', n::text, timestamptz '2026-05-04 12:00Z' + n * interval '10 minutes', '999_voice', '07700 900088' FROM generate_series(1, 8) n;
	INSERT INTO engage.rule (name, version, kind, criteria) VALUES ('later', 1, 'criteria', '{7 in 2 hours}');
	INSERT INTO engage.district (district, label) VALUES ('W', 'West');
	INSERT INTO engage.incident_code (code, label) VALUES ('C3', 'Other');
	CALL engage.refresh();};

# ------------------------------------------------------------ dump and restore

my $before = tables($old, 'force');
my $rights = $old->safe_psql('force', rights_query());
my $flags = $old->safe_psql('force', $ALL_FLAGS);
command_ok([ 'pg_dump', '-Fc', '-f', "$dir/force.dump", '-d', $old->connstr('force') ], 'pg_dump');
command_ok([ 'pg_dumpall', '--globals-only', '-f', "$dir/globals.sql", '-d', $old->connstr('postgres') ], 'pg_dumpall --globals-only');

sub is_restored
{
	my ($node, $db, $name, @command) = @_;
	my ($stdout, $stderr) = run_command(\@command);

	is($stderr, '', "$name: $command[0] says nothing");
	my $after = tables($node, $db);
	same_lines($after->{$_}, $before->{$_}, "$name: $_ as before") for sort keys %$before;
	return;
}

sub restores
{
	my ($node, $db, $name, @options) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $db");
	is_restored($node, $db, $name, 'pg_restore', @options, '-d', $node->connstr($db), "$dir/force.dump");
	same_lines($node->safe_psql($db, rights_query()), $rights, "$name: owners and rights as before");
	is($node->safe_psql($db, q{SELECT string_agg(trigger_name, ', ') FROM engage_internal.capture_triggers() WHERE NOT is_enabled}), '',
		"$name: the triggers that fill the queue are enabled");
	return;
}

# A refresh of what was restored.
sub refreshes
{
	my ($node, $db, $name) = @_;

	is($node->safe_psql($db, 'SELECT count(*) FROM engage.verify()'), '0', "$name: in line before a refresh");
	$node->safe_psql($db, 'CALL engage.refresh()');
	is($node->safe_psql($db, 'SELECT count(*) FROM engage.verify()'), '0', "$name: and after it");
	is($node->safe_psql($db, 'SELECT count(*) FROM engage_internal.dirty'), '0', "$name: nothing waits");
	same_lines($node->safe_psql($db, $ALL_FLAGS), $flags, "$name: which changed no flag");
	is($node->safe_psql($db, q{SELECT c.contacts FROM engage.caller c JOIN engage.persona p USING (caller_id) WHERE p.number = '+447700900099'}), '1',
		"$name: the change that waited is not lost");
	is($node->safe_psql($db, q{SELECT string_agg(DISTINCT status, ' ') FROM engage.health() WHERE item NOT IN ('last success', 'lag')}), 'ok',
		"$name: health is well");
	return;
}

restores($old, 'copy', 'same cluster', '--exit-on-error');
refreshes($old, 'copy', 'same cluster');

my $fresh = engage_node('fresh');
is($fresh->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname LIKE 'engage%'}), '0', 'a fresh cluster knows no role of ours');
restores($fresh, 'force', 'fresh cluster', '--exit-on-error');
refreshes($fresh, 'force', 'fresh cluster');
restores($fresh, 'parallel', 'two workers', '--exit-on-error', '--jobs=2');
refreshes($fresh, 'parallel', 'two workers');

$fresh->safe_psql('postgres', 'CREATE DATABASE plain; CREATE DATABASE data_only;');
command_ok([ 'pg_restore', '-f', "$dir/force.sql", "$dir/force.dump" ], 'the dump as text');
is_restored($fresh, 'plain', 'as text', 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $fresh->connstr('plain'), '-f', "$dir/force.sql");
$fresh->safe_psql('data_only', 'CREATE EXTENSION engage; CREATE TABLE public.pattern (times engage.timeline PRIMARY KEY, often engage.criterion);');
is_restored($fresh, 'data_only', 'data alone', 'pg_restore', '--data-only', '--jobs=2', '-d', $fresh->connstr('data_only'), "$dir/force.dump");
refreshes($fresh, 'data_only', 'data alone');

# All go on alike, as the identities do.
$old->safe_psql('force', 'CALL engage.refresh()');
$old->safe_psql('force', $GO_ON);
for my $other ([ $old, 'copy', 'same cluster' ], [ $fresh, 'force', 'fresh cluster' ], [ $fresh, 'parallel', 'two workers' ])
{
	my ($node, $db, $name) = @$other;

	$node->safe_psql($db, $GO_ON);
	is($node->safe_psql($db, $IDS), $old->safe_psql('force', $IDS), "$name: next ids go on");
	same_lines($node->safe_psql($db, $FLAGS), $old->safe_psql('force', $FLAGS), "$name: new flags are the same");
	is( $node->safe_psql($db, q{SELECT count(*) FROM engage.flag f JOIN engage.rule r USING (rule_id) WHERE r.name = 'later'}),
		'1', "$name: one of them by the new rule");
	same_lines($node->safe_psql($db, $SHOWN), $old->safe_psql('force', $SHOWN), "$name: dashboards show the same");
}

# With the roles' memberships: those who were members work on.
my $moved = engage_node('moved');
run_command([ 'psql', '-X', '-q', '-d', $moved->connstr('postgres'), '-f', "$dir/globals.sql" ]);
restores($moved, 'force', 'cluster with globals', '--exit-on-error');
$moved->safe_psql('force', q{INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
	VALUES ('test', 'moved', '2026-04-02', 'email', '07700 900098')}, extra_params => [ '-U', 'force_loader' ]);
$moved->safe_psql('force', 'CALL engage.refresh()', extra_params => [ '-U', 'force_operator' ]);
is($moved->safe_psql('force', 'SELECT count(*) FROM engage.verify()', extra_params => [ '-U', 'force_operator' ]), '0',
	'cluster with globals: a loader and an operator go on');
fails_with($moved, 'force', 'SELECT caller_id FROM engage.caller', '42501', undef, 'and an operator sees no caller', extra_params => [ '-U', 'force_operator' ]);
$moved->stop;
$fresh->stop;

# -------------------------------------------------------------- DROP EXTENSION

fails_with($old, 'copy', 'DROP EXTENSION engage;', '2BP01', qr/HINT:  Use DROP \.\.\. CASCADE/, 'a table of the user holds a timeline');
$old->safe_psql('copy', 'DROP TABLE public.pattern; DROP EXTENSION engage;');
is($old->safe_psql('copy', q{SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'engage%'}), '0', 'DROP EXTENSION leaves no schema');
is($old->safe_psql('copy', q{SELECT (SELECT count(*) FROM pg_proc WHERE proowner = 'engage_owner'::regrole) + (SELECT count(*) FROM pg_class WHERE relowner = 'engage_owner'::regrole)}),
	'0', 'nor any object');
is($old->safe_psql('force', 'SELECT count(*) FROM engage.verify()'), '0', 'another database has its own still');
$old->safe_psql('copy', 'CREATE EXTENSION engage; SELECT engage.setup(); CALL engage.refresh();');
is($old->safe_psql('copy', 'SELECT count(*) FROM engage.contact'), '0', 'it can be created again');
$old->stop;

# ------------------------------------------------------- what CREATE EXTENSION refuses

my $bare = engage_node('bare');
my $CREATE = 'CREATE EXTENSION engage;';

sub refuses
{
	my ($db, $sqlstate, $message, $name, $hint, $left) = @_;
	my $stderr = fails_with($bare, $db, $CREATE, $sqlstate, $hint, $name);

	like($stderr, $message, "$name: and why");
	is($bare->safe_psql($db, q{SELECT count(*) FROM pg_extension WHERE extname = 'engage'}), '0', "$name: nothing is created");
	is($bare->safe_psql($db, q{SELECT coalesce(string_agg(rolname, ' '), '') FROM pg_roles WHERE rolname LIKE 'engage\_%'}), $left, "$name: nor any role");
	return;
}

$bare->safe_psql('postgres', 'CREATE DATABASE squatted');
$bare->safe_psql('squatted', 'CREATE SCHEMA engage');
refuses('squatted', '42P06', qr/schema "engage" already exists/, 'a schema engage that is there', undef, '');
$bare->safe_psql('squatted', 'DROP SCHEMA engage; CREATE SCHEMA engage_bi');
refuses('squatted', '42P06', qr/schema "engage_bi" already exists/, 'a schema engage_bi that is there', undef, '');

my $why = qr/role "engage_analyst" exists and is not a plain group role of engage/;
my $hint = qr/HINT:  Rename or drop that role, then create the extension again\./;
$bare->safe_psql('postgres', 'CREATE DATABASE first; CREATE DATABASE second; CREATE ROLE engage_analyst LOGIN; CREATE ROLE somebody;');
refuses('first', '42710', $why, 'a role that can log in', $hint, 'engage_analyst');
for my $attribute ('SUPERUSER', 'CREATEROLE', 'CREATEDB', 'REPLICATION', 'BYPASSRLS')
{
	$bare->safe_psql('postgres', "ALTER ROLE engage_analyst NOLOGIN $attribute");
	refuses('first', '42710', $why, "a role with $attribute", $hint, 'engage_analyst');
	$bare->safe_psql('postgres', "ALTER ROLE engage_analyst NO$attribute");
}
$bare->safe_psql('postgres', 'GRANT engage_analyst TO somebody');
refuses('first', '42710', $why, 'a foreign role with members', $hint, 'engage_analyst');
$bare->safe_psql('postgres', 'REVOKE engage_analyst FROM somebody; GRANT pg_read_all_data TO engage_analyst');
refuses('first', '42710', $why, 'a foreign role with rights of others', $hint, 'engage_analyst');

# A plain group that nobody uses is taken, and is ours from then on.
$bare->safe_psql('postgres', 'REVOKE pg_read_all_data FROM engage_analyst; CREATE ROLE engage_admin INHERIT');
$bare->safe_psql('first', $CREATE);
is($bare->safe_psql('first', q{SELECT rolname, rolinherit, starts_with(shobj_description(oid, 'pg_authid'), 'engage: ')
		FROM pg_roles WHERE rolname IN ('engage_analyst', 'engage_admin') ORDER BY 1}),
	"engage_admin|f|t\nengage_analyst|t|t", 'a plain group without members is taken');
$bare->safe_psql('postgres', 'GRANT engage_analyst TO somebody');
$bare->safe_psql('second', $CREATE);
is($bare->safe_psql('second', q{SELECT count(*) FROM pg_extension WHERE extname = 'engage'}), '1',
	'roles of another database, with members, are taken');
$bare->stop;

done_testing();
