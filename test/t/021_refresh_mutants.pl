# The checks of 020_refresh_chaos.pl find a refresh that is broken.
#
# Each mutant is one known mistake, made in a database of its own, under the
# same load and the same live check.  Random load alone is known to miss some of
# them, so a mutant waits where it can be overtaken, as the true refresh does.
#
# ENGAGE_CHAOS_SEED      of the random changes

use strict;
use warnings FATAL => 'all';
use EngageTest;
use EngageChaos;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use constant PATIENCE => 900;    # seconds for a mutant to be found under load; most need a few
use constant AT_THE_END => 15;    # seconds for one that is found when the load is over

my $seed = $ENV{ENGAGE_CHAOS_SEED} // time() % 1_000_000;
note("seed $seed");

my $node = engage_node('mutants', q{
max_prepared_transactions = 20
deadlock_timeout = '50ms'
shared_buffers = '32MB'
});
prepare_chaos($node, 'template_chaos');

# The rest of the line is a comment then.
sub without_lock
{
	my ($db) = @_;
	insert_at($node, $db, $_ => '; --') for 'lock of a run', 'lock of a step';
	return;
}

my @mutants = (
	[ 'no lock, but SKIP LOCKED on queue rows' => sub {
		my ($db) = @_;
		without_lock($db);
		insert_at($node, $db, 'how the queue is read' => 'FOR UPDATE SKIP LOCKED');
	} ],
	[ 'the lock taken in the statement that reads' => sub {
		my ($db) = @_;
		without_lock($db);
		insert_at($node, $db,
			'before the queue is read' => q{locked AS MATERIALIZED (
				SELECT l.one FROM chaos.wait('between snapshot and lock'), engage_internal.refresh_lock l FOR NO KEY UPDATE OF l
			),},
			'from what the queue is read' => 'locked,');
	} ],
	[ 'queue rows deleted before their subjects are read' => sub {
		my ($db) = @_;
		$node->safe_psql($db, q{
			CREATE TABLE chaos.taken (pid integer, persona_key uuid);
			CREATE FUNCTION chaos.take(batch_size integer) RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
				WITH gone AS (DELETE FROM engage_internal.dirty WHERE ctid = ANY (ARRAY(SELECT ctid FROM engage_internal.dirty WHERE subject = 'persona' LIMIT batch_size)) RETURNING persona_key)
				INSERT INTO chaos.taken SELECT pg_backend_pid(), persona_key FROM gone;
			$$;
			CREATE FUNCTION chaos.give_back() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$
				WITH gone AS (DELETE FROM chaos.taken WHERE pid = pg_backend_pid() RETURNING persona_key)
				INSERT INTO engage_internal.dirty (subject, persona_key, cause) SELECT 'persona', persona_key, 'mutant' FROM gone;
			$$;});
		insert_at($node, $db, $_ => q{PERFORM chaos.take(batch_size);
			COMMIT;
			PERFORM chaos.give_back();}) for 'between begin and steps', 'between two steps';
	} ],
	[ 'queue rows deleted after their subjects are read' => sub {
		my ($db) = @_;
		insert_at($node, $db,
			'which queue rows go' => 'AND false',
			'personas are counted' => q{PERFORM chaos.wait('between read and delete');
				DELETE FROM engage_internal.dirty q WHERE q.subject = 'persona' AND q.persona_key = ANY (persona_keys);});
	} ],
	[ 'an UPDATE queues only what its contacts are now' => sub { insert_at($node, $_[0], 'personas before an UPDATE' => 'WHERE false') } ],
	[ 'a TRUNCATE queues nothing' => sub { insert_at($node, $_[0], 'TRUNCATE of contacts' => 'RETURN NULL;') } ],
	[ 'a known number that goes queues nothing' => sub { insert_at($node, $_[0], 'known numbers that go' => 'WHERE false') }, AT_THE_END ],
	[ 'a change of a rule queues nothing' => sub { insert_at($node, $_[0], 'a change of a rule' => 'RETURN NULL;') } ],
	[ 'queue rows of a day deleted after it is summed up' => sub {
		my ($db) = @_;
		insert_at($node, $db,
			'which days go' => 'AND false',
			'a day is summed up' => q{PERFORM pg_sleep(0.5);
				DELETE FROM engage_internal.dirty q WHERE q.subject = 'day' AND q.period_start >= LEAST(day_starts, queued) AND q.period_start < day_ends;});
	} ],
	[ 'an UPDATE queues only the days that its contacts are of now' => sub { insert_at($node, $_[0], 'days before an UPDATE' => 'WHERE false') } ],
	[ 'a district that is listed queues nothing' => sub { insert_at($node, $_[0], 'a change of a list' => 'RETURN NULL;') }, AT_THE_END ]);

# Put a database under load until a check fails or patience ends.
# Returns what was found, and how.
sub found_under_load
{
	my ($db, $patience) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir;
	my $began = time;
	my ($checks, $telling, @problems);

	start_sessions($node, $db, $dir, seed => $seed);
	until (@problems || time - $began > $patience)
	{
		poll('live checks', sub { my ($now) = live_checks($dir); $now > ($checks // 0) });
		($checks, $telling, @problems) = live_checks($dir);
	}
	my $took = time - $began;
	stop_sessions($node, $db);
	return sprintf 'live check %d, after %.1f s: %s', $checks, $took, substr($problems[0], 0, 120) if @problems;

	drain($node, $db);
	# by itself: under load the queue hides it, and links everything anew before long
	$node->safe_psql($db, $_) for q{INSERT INTO engage.known_number (number, sharing) VALUES ('+447700900990', 'payphone')}, q{DELETE FROM engage.district WHERE district = 'W'},
	  'CALL engage.refresh()', 'DELETE FROM engage.known_number', q{INSERT INTO engage.district (district, label) VALUES ('W', 'West')};
	drain($node, $db);
	my $refreshed = picture($node, $db);
	$node->safe_psql($db, 'CALL engage.rebuild()');
	my $rebuilt = picture($node, $db);
	my @differ = grep { $refreshed->{$_} ne $rebuilt->{$_} } sort keys %$refreshed;
	note("$db: $checks live checks, $telling with a queue, found nothing");
	return @differ ? "at the end, by its @differ" : '';
}

sub load_database
{
	my ($db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template_chaos");
	return $db;
}

is(found_under_load(load_database('unbroken'), 15), '', 'nothing is found where nothing is broken');
for my $n (0 .. $#mutants)
{
	my ($what, $break, $patience) = @{ $mutants[$n] };
	my $db = load_database("mutant$n");

	$break->($db);
	my $found = found_under_load($db, $patience // PATIENCE);
	ok($found ne '', "found: $what") and note("by $found");
}

$node->stop;
done_testing();
