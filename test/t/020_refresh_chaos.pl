# A refresh loses nothing and repeats nothing, whoever is killed.
#
# Sessions change contacts, rules and known numbers at random and two refresh,
# with waits injected at every point where a refresh could be overtaken, while
# the server is killed in mid-refresh and another session verifies all the time:
# in any snapshot, a subject without a queue row equals its recomputation.  At
# the end a refresh equals a rebuild, here and from nothing in a new database.
#
# ENGAGE_CHAOS_SECONDS   for how long at least (60)
# ENGAGE_CHAOS_SEED      of the random changes

use strict;
use warnings FATAL => 'all';
use EngageTest;
use EngageChaos;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant KILLS => 24;

my $seconds = $ENV{ENGAGE_CHAOS_SECONDS} // 60;
my $seed = $ENV{ENGAGE_CHAOS_SEED} // time() % 1_000_000;
my $dir = PostgreSQL::Test::Utils::tempdir;
note("seed $seed");

my $node = engage_node('chaos', q{
restart_after_crash = on
max_prepared_transactions = 20
deadlock_timeout = '50ms'
shared_buffers = '32MB'
});

prepare_chaos($node, 'chaos');
my $quiet = quiet_flags($node, 'chaos');
is(scalar(split /\n/, $quiet), 3, 'three callers whom nobody touches are flagged');

# ------------------------------------------------------------------- the load

my %done = (kill_backend => 0, kill_postmaster => 0, stop_immediate => 0, cancel => 0, terminate => 0);
my (@killed, %held_at);
my $strikes = 0;
my $began = time;
start_sessions($node, 'chaos', $dir, seed => $seed);
srand($seed);
until (@killed >= KILLS && time() - $began > $seconds)
{
	some_checks();
	strike($WAIT_POINTS[ $strikes++ % @WAIT_POINTS ]);
	die 'too slow' if time() - $began > $seconds + 1500;
}
some_checks();
my $kills_took = time() - $began;
stop_sessions($node, 'chaos');

# Let the others work, until they have been seen to.
sub some_checks
{
	my ($before) = live_checks($dir);
	poll('live checks', sub { (live_checks($dir))[0] >= $before + 6 });
	return;
}

# The answer to a query; nothing where the server is down.
sub ask
{
	return (run_command([ 'psql', '-X', '-q', '-At', '-d', $node->connstr('chaos'), '-c', $_[0] ]))[0];
}

# Wait for a refresh that is held at a point in the middle of its work, and end
# it, or all.
sub strike
{
	my ($point) = @_;

	ask("UPDATE chaos.setting SET hold = '$point'");
	my $pid = poll("a refresh to be held $point",
		sub { ask("SELECT pid FROM pg_stat_activity WHERE application_name = 'held $point' AND wait_event = 'PgSleep' LIMIT 1") }, 600);
	my $what = (('kill_backend') x 5, ('kill_postmaster') x 5, 'stop_immediate', 'cancel', 'cancel', 'terminate')[ int rand 14 ];

	if ($what eq 'kill_backend')
	{
		kill 9, $pid;
	}
	elsif ($what eq 'kill_postmaster')
	{
		kill_server($node);
	}
	elsif ($what eq 'stop_immediate')
	{
		$node->stop('immediate');
		$node->start;
	}
	else
	{
		ask("SELECT pg_${what}_backend($pid)");
	}
	$done{$what}++;
	if ($what =~ /^kill/)
	{
		push @killed, $pid;
		$held_at{$point}++;
	}
	poll('the server to be back', sub { ask('UPDATE chaos.setting SET hold = NULL RETURNING 1') eq '1' });
	return;
}

# ----------------------------------------------------------------- what it did

my %statements = statement_counts($dir);
my ($checks, $telling, @problems) = live_checks($dir);
note(sprintf '%.0f s, %s', $kills_took, join ', ', map { "$_ $done{$_}" } sort keys %done);
note('killed at: ' . join ', ', map { "$_ $held_at{$_}" } sort keys %held_at);
note('statements: ' . join ', ', map { "$_ $statements{$_}" } sort keys %statements);
note("live checks: $checks, of these with a queue $telling");

cmp_ok(scalar @killed, '>=', KILLS, 'kill -9 of the server in mid-refresh, ' . @killed . ' times');
cmp_ok($done{kill_postmaster}, '>', 2, "$done{kill_postmaster} of the postmaster");
cmp_ok($done{kill_backend}, '>', 2, "$done{kill_backend} of the refresher");
is(scalar keys %held_at, @WAIT_POINTS, 'at every point of a refresh');
drain($node, 'chaos');
is( $node->safe_psql('chaos', 'SELECT count(DISTINCT pid) FROM engage.refresh_run WHERE state = \'died\' AND pid IN (' . join(', ', @killed) . ')'),
	scalar @killed, 'each killed run is known to have died');
is($node->safe_psql('chaos', q{SELECT count(*) FROM engage.refresh_run WHERE state = 'running'}), '0', 'none seems to run');
is($node->safe_psql('chaos', q{SELECT count(*) FROM engage.refresh_run WHERE state = 'failed'}), '0', 'none failed of itself');
cmp_ok($statements{$_} // 0, '>', 0, "$_ happened, " . ($statements{$_} // 0) . ' times')
  for ('insert', 'update', 'delete', 'merge', 'truncate', 'savepoint', 'rollback', 'prepare', 'commit prepared');
is(join(', ', unexpected_errors($dir)), '', 'no error that chaos does not explain');
cmp_ok($telling, '>=', KILLS, "$telling live checks with a queue");
is(join("\n", @problems[ 0 .. ($#problems < 4 ? $#problems : 4) ]), '', "no violation in $checks live checks");

# ------------------------------------------------------ refresh equals rebuild

# Compare two pictures; where they differ, show how.
sub same_picture
{
	my ($got, $expected, $name) = @_;

	for my $what (sort keys %$expected)
	{
		my @got = split /\n/, $got->{$what};
		my @expected = split /\n/, $expected->{$what};

		next if ok($got->{$what} eq $expected->{$what}, "$name: " . @expected . " $what");
		my %in_got = map { $_ => 1 } @got;
		my %in_expected = map { $_ => 1 } @expected;
		diag("missing: $_") for grep { !$in_got{$_} } @expected;
		diag("too much: $_") for grep { !$in_expected{$_} } @got;
	}
	return;
}

my $refreshed = picture($node, 'chaos');
my $flags = $node->safe_psql('chaos', 'SELECT * FROM engage.flag ORDER BY flag_id');
is($node->safe_psql('chaos', 'SELECT count(*) FROM engage.verify()'), '0', 'verify finds nothing at the end');
is(quiet_flags($node, 'chaos'), $quiet, 'the flags of callers whom nobody touched are the same ones');
$node->safe_psql('chaos', 'CALL engage.rebuild()');
same_picture(picture($node, 'chaos'), $refreshed, 'after a rebuild');
is($node->safe_psql('chaos', 'SELECT * FROM engage.flag ORDER BY flag_id'), $flags, 'a rebuild changes no flag, nor its id');

# From nothing: the same contacts in a new database, with no function patched.
$node->safe_psql('postgres', 'CREATE DATABASE anew');
$node->safe_psql('anew', 'CREATE EXTENSION engage');
for my $table ('policy', 'known_number', 'rule', 'linkage_model', 'link_decision', 'district', 'incident_code', 'contact')
{
	my $columns = $node->safe_psql('chaos',
		"SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'engage.$table'::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped");
	system_or_bail('sh', '-c', sprintf q{psql -X -q -v ON_ERROR_STOP=1 -d '%s' -c 'COPY engage.%s (%s) TO STDOUT' | psql -X -q -v ON_ERROR_STOP=1 -d '%s' -c 'COPY engage.%2$s (%3$s) FROM STDIN'},
		$node->connstr('chaos'), $table, $columns, $node->connstr('anew'));
}
$node->safe_psql('anew', 'CALL engage.refresh()');
same_picture(picture($node, 'anew'), $refreshed, 'built from nothing');

# In plain SQL, with nothing of the register but who is whom.
is( $node->safe_psql(
		'chaos', q{
		WITH counted AS (
			SELECT p.caller_id, c.occurred_at AS at FROM engage.contact c JOIN engage.persona p USING (persona_key)
			WHERE c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL AND p.caller_id IS NOT NULL
		)
		SELECT DISTINCT a.caller_id FROM counted a, LATERAL (
				SELECT count(*) FILTER (WHERE b.at > a.at - interval '24 hours') AS day, count(*) AS week
				FROM counted b WHERE b.caller_id = a.caller_id AND b.at <= a.at AND b.at > a.at - interval '168 hours') n
		WHERE n.day >= 3 OR n.week >= 5 ORDER BY 1}),
	$node->safe_psql(
		'chaos', q{
		SELECT DISTINCT f.caller_id FROM engage.flag f JOIN engage.rule r USING (rule_id)
		WHERE r.name = 'steady' AND f.withdrawn_at IS NULL ORDER BY 1}),
	'those flagged are those whom plain SQL finds');

$node->stop;
done_testing();
