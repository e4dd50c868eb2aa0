# Who is whom does not depend on how it came to be known: a refresh equals a
# rebuild, whatever the order of contacts, corrections, deletions and decisions.
# Ids are stable, decisions outlive everything, and a refresh that is killed
# while it links all personas leaves things as they were.
#
# ENGAGE_CHAOS_SEED          of the random histories
# ENGAGE_IDENTITY_HISTORIES  how many (30)

use strict;
use warnings FATAL => 'all';
use EngageTest;
use EngageIdentity;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $seed = $ENV{ENGAGE_CHAOS_SEED} // time() % 1_000_000;
my $histories = $ENV{ENGAGE_IDENTITY_HISTORIES} // 30;
note("seed $seed");

my $node = engage_node('identity', q{
restart_after_crash = on
shared_buffers = '64MB'
});
my $db = 'template_identity';

sub ask { return $node->safe_psql($db, $_[0]); }

$node->safe_psql('postgres', "CREATE DATABASE $db");
ask('CREATE EXTENSION engage; SELECT engage.setup(rules => NULL);' . SMALL_BLOCKS . 'CALL engage.refresh();');
install_picture($node, $db);
$node->safe_psql('postgres', "CREATE DATABASE $_ TEMPLATE template_identity") for qw(history anew);

# As it was when it was made: making a database for each history takes longer.
my $EMPTY = q{
	TRUNCATE engage.contact, engage.persona, engage.persona_timeline, engage_internal.persona_block, engage_internal.block_large, engage.caller, engage.link,
		engage.link_decision, engage.merge_event, engage.shared_number, engage.known_number, engage.learnt_filler, engage.daily_count, engage.hourly_count,
		engage.feed_count RESTART IDENTITY;
	DELETE FROM engage_internal.caller_pseudonym WHERE caller_id IS NOT NULL;
	UPDATE engage.policy SET region = 'GB' WHERE region <> 'GB';
	TRUNCATE engage_internal.dirty;};

# Two lists of lines must be the same; where not, show how.
sub unlike_lines
{
	my ($got, $expected, $name) = @_;
	my (%in_got, %in_expected);

	$in_got{$_}++ for split /\n/, $got;
	$in_expected{$_}++ for split /\n/, $expected;
	my @differences = (
		(map { "missing: $_" } grep { ($in_got{$_} // 0) < $in_expected{$_} } sort keys %in_expected),
		(map { "too much: $_" } grep { ($in_expected{$_} // 0) < $in_got{$_} } sort keys %in_got));
	return '' unless @differences;
	my %kinds;
	$kinds{ (split ' ', $_)[ /^missing/ ? 1 : 2 ] }++ for @differences;
	return "$name: " . join(', ', map { "$kinds{$_} $_" } sort keys %kinds) . "\n  " . join("\n  ", map { substr $_, 0, 200 } @differences[ 0 .. ($#differences < 9 ? $#differences : 9) ]) . "\n";
}

# ---------------------------------------------------------- random histories

my $PICTURE = 'SELECT public.picture();';

# Copy what is left of a history in the end into another database, in another order.
my %COPIED = (
	known_number => 'number, sharing, label',
	contact => 'source, source_ref, occurred_at, channel, direction, number_raw, cli_status, given_name, family_name, date_of_birth,
		address, postcode, email, imei, nominal_ref, details',
	link_decision => 'decision_id, is_same, left_identifier, right_identifier, left_number, right_number, left_personas, right_personas,
		method, reason, decided_at, decided_by, revoked_at, revoked_by, revoked_reason');

sub copy_shuffled
{
	my ($from, $to, $salt) = @_;

	for my $table (qw(known_number link_decision contact))
	{
		my $columns = $COPIED{$table} =~ s/\s+/ /gr;
		system_or_bail('sh', '-c', sprintf q{psql -X -q -v ON_ERROR_STOP=1 -d '%s' -c "COPY (SELECT %s FROM engage.%s t ORDER BY md5(t::text || '%s')) TO STDOUT" }
			  . q{| psql -X -q -v ON_ERROR_STOP=1 -d '%s' -c 'COPY engage.%3$s (%2$s) FROM STDIN'},
			$node->connstr($from), $columns, $table, $salt, $node->connstr($to));
	}
	return;
}

my %seen = map { $_ => 0 } ('merge', 'split', 'move', 'lost', 'decisions', 'large blocks', 'shared numbers', 'callers', 'personas');
my @failures;
my $began = time;

for my $n (1 .. $histories)
{
	srand($seed * 1000 + $n);
	my $name = "history $n";
	my @history = random_history(6 + int rand 6);
	my ($problems, $chunk) = ('', 0);

	$db = 'history';
	ask($EMPTY);
	my $script = '';
	for my $sql (@history)
	{
		$chunk++;
		$script .= "$sql CALL engage.refresh(" . (12, 50, 5000, 5000, 5000)[ int rand 5 ] . ");\n"
		  . "SELECT 'after chunk $chunk of " . @history . ", verify(): ' || v::text FROM engage.verify() v LIMIT 3;\n";
	}
	$problems .= ask($script);
	my $refreshed = ask($PICTURE);
	my $ids = 'SELECT persona_key, caller_id FROM engage.persona ORDER BY 1';
	my $before = ask($ids);
	my $counts = ask(q{SELECT count(*) FILTER (WHERE kind = 'merge'), count(*) FILTER (WHERE kind = 'split'), count(*) FILTER (WHERE kind = 'move'),
		count(*) FILTER (WHERE kind = 'lost'), (SELECT count(*) FROM engage.link_decision), (SELECT count(*) FROM engage_internal.block_large),
		(SELECT count(*) FROM engage.shared_number), (SELECT count(DISTINCT caller_id) FROM engage.persona), (SELECT count(*) FROM engage.persona) FROM engage.merge_event});
	my @counts = split /\|/, $counts;
	$seen{$_} += shift @counts for ('merge', 'split', 'move', 'lost', 'decisions', 'large blocks', 'shared numbers', 'callers', 'personas');
	my $region = ask('SELECT region FROM engage.policy');

	ask('CALL engage.rebuild()');
	$problems .= unlike_lines(ask($PICTURE), $refreshed, 'a rebuild');
	$problems .= unlike_lines(ask($ids), $before, 'ids after a rebuild');
	$db = 'anew';
	ask("$EMPTY UPDATE engage.policy SET region = '$region'; CALL engage.refresh();");
	copy_shuffled('history', 'anew', $seed);
	ask('CALL engage.refresh(' . (50, 5000)[ int rand 2 ] . ')');
	$problems .= unlike_lines(ask($PICTURE), $refreshed, 'another order');
	push @failures, "$name of seed $seed, $problems" if $problems ne '';
}
note(sprintf '%d histories in %.0f s: %s', $histories, time() - $began, join ', ', map { "$_ $seen{$_}" } sort keys %seen);
is(scalar @failures, 0, "$histories random histories: a refresh equals a rebuild, and another order") or diag($_) for @failures[ 0 .. ($#failures < 4 ? $#failures : 4) ];
cmp_ok($seen{$_}, '>', 0, "of $_ there were some") for sort keys %seen;

# --------------------------------------------------------------- stable ids

my $row = 0;

sub new_database
{
	($db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE template_identity");
	return;
}

# A contact with some details, by column.
sub contact
{
	my (%details) = @_;
	my @columns = sort keys %details;

	$row++;
	ask('INSERT INTO engage.contact (source, source_ref, occurred_at, channel, ' . join(', ', @columns) . ") VALUES ('test', '$row',
		timestamptz '2026-03-02 12:00Z' + $row * interval '1 hour', '101_voice', " . join(', ', map { "'$details{$_}'" } @columns) . ')');
	return;
}

sub refresh { return ask('CALL engage.refresh()'); }

sub problems { return ask('SELECT * FROM engage.verify()'); }

# The callers of the personas that a condition is true of.
sub callers
{
	my ($condition) = @_;
	return ask("SELECT string_agg(DISTINCT coalesce(caller_id::text, 'nobody'), ' ') FROM engage.persona WHERE $condition");
}

sub of_number
{
	my ($last_digits) = @_;
	return callers("number = '+447700900$last_digits'");
}

sub instant { return ask('SELECT clock_timestamp()'); }

sub as_of
{
	my ($number, $at) = @_;
	return ask("SELECT string_agg(c::text, ',') FROM engage.caller_as_of('$number', '$at') c");
}

new_database('stable');
contact(number_raw => '07700 900501', given_name => 'Ada', family_name => 'Arkwright');
contact(number_raw => '07700 900628', given_name => 'Ada', family_name => 'Arkwright', date_of_birth => '1980-05-17');
contact(number_raw => '07700 900377', given_name => 'Boris', family_name => 'Calder', date_of_birth => '1951-11-02');
refresh();
my ($one, $two, $three) = map { of_number($_) } 501, 628, 377;
ok($one ne $two && $two ne $three && $one ne 'nobody', 'three callers: a name in common does not join two numbers');

contact(number_raw => '07700 900377', given_name => 'Boris', family_name => 'Calder', email => 'boris@example.com');
contact(given_name => 'Boris', family_name => 'Calder', email => 'boris@example.com', nominal_ref => 'NOM-1');
refresh();
is(callers("given_name = 'Boris'"), $three, 'who gains an e-mail address and a reference stays the same caller');

my $apart = instant();
contact(number_raw => '07700 900501', given_name => 'Ada', family_name => 'Arkwright', date_of_birth => '1980-05-17');
refresh();
my ($stays, $goes) = sort { $a <=> $b } $one, $two;
is(callers("given_name = 'Ada'"), $stays, 'a contact that has the number of one and the birthday of the other joins two callers');
is(ask('SELECT kind, from_caller, to_caller, evidence IS NOT NULL FROM engage.merge_event'), "merge|$goes|$stays|t", 'which is kept, with the evidence');
my $together = instant();
my $rejected = ask(q{SELECT engage.reject_link('07700 900501', '07700 900628', 'mother and daughter')});
refresh();
is(of_number(501) . ' ' . of_number(628), "$one $two", 'a rejected link gives both callers their ids back');
is(ask("SELECT kind, from_caller, to_caller, evidence -> 'decisions' FROM engage.merge_event ORDER BY event_id DESC LIMIT 1"), "split|$stays|$goes|[$rejected]",
	'which is kept, with the decision');
for my $when ([ 'before', $apart, $one, $two ], [ 'between', $together, $stays, $stays ], [ 'after', instant(), $one, $two ])
{
	my ($name, $at, @whose) = @$when;
	is(as_of('contact:1', $at) . ' ' . as_of('0770 0900628', $at), "@whose", "whose the first contact and the other number were $name");
}
is(problems(), '', 'nothing is wrong');

ask(q{INSERT INTO engage.known_number (number, sharing) VALUES ('+447700900501', 'payphone')});
contact(number_raw => '07700 900846');
ask(q{INSERT INTO engage.known_number (number, sharing) VALUES ('+447700900846', 'payphone')});
refresh();
is(of_number(846), 'nobody', 'a number and no more, which is a payphone, is nobody');
ask('DELETE FROM engage.known_number');
contact(number_raw => '07700 900732');
refresh();
my ($four, $five) = (of_number(846), of_number(732));
ask(q{INSERT INTO engage.known_number (number, sharing) VALUES ('+447700900846', 'payphone')});
refresh();
is(of_number(846) . ' ' . ask('SELECT kind, from_caller FROM engage.merge_event ORDER BY event_id DESC LIMIT 1'), "nobody lost|$four", 'a caller is lost where a number turns out to be a payphone');
ask('DELETE FROM engage.known_number');
refresh();
is(of_number(846) . ' ' . of_number(732), "$four $five", 'and back where that was a mistake');
is(of_number(501) . ' ' . of_number(628), "$one $two", 'as were the others all the time');
is(problems(), '', 'nothing is wrong');

# --------------------------------------------------------- decisions outlive

contact(number_raw => '07700 900214', given_name => 'Cora', family_name => 'Dunmore', date_of_birth => '1990-01-01');
contact(number_raw => '07700 900893', given_name => 'Denis', family_name => 'Eastling', date_of_birth => '1960-12-31');
refresh();
isnt(of_number(214), of_number(893), 'two strangers');
my $confirmed = ask(q{SELECT engage.confirm_link('07700 900214', '07700 900893', 'same handset', 'same_imei')});
refresh();

sub decisions_hold
{
	my ($name) = @_;

	is(problems(), '', "$name: nothing is wrong");
	unlike(callers(q{number IN ('+447700900214', '+447700900893')}), qr/ |nobody/, "$name: confirmed, they are one");
	isnt(of_number(501), of_number(628), "$name: rejected, they are two");
	return;
}

decisions_hold('at once');
ask('CALL engage.rebuild()');
decisions_hold('after a rebuild');
ask("SELECT engage.adopt_linkage_model('contacts'); CALL engage.refresh();");
is(ask('SELECT max(model_id) = engage.current_linkage_model() FROM engage.linkage_model'), 't', 'a new model is in force');
decisions_hold('after a new model');

# The personas that stood for both sides go at once, and others have the numbers.
contact(number_raw => '07700 900214', email => 'cora@example.com');
contact(number_raw => '07700 900893', email => 'denis@example.com');
refresh();
ask(q{DELETE FROM engage.contact WHERE given_name IN ('Cora', 'Denis')});
refresh();
decisions_hold('after those who were meant are gone');
contact(number_raw => '07700 900214', given_name => 'Cora', family_name => 'Dunmore', date_of_birth => '1990-01-01');
refresh();
decisions_hold('after one of them came back');
ask("SELECT engage.revoke_decision($_, 'was wrong')") for $confirmed, $rejected;
refresh();
is(problems(), '', 'once decisions are revoked nothing is wrong');
isnt(of_number(214), of_number(893), 'who was confirmed is apart');
is(of_number(501), of_number(628), 'who was rejected is joined');
fails_with($node, $db, "SELECT engage.revoke_decision($rejected, 'again');", 'P0002', qr/revoked_at IS NULL/, 'a decision is revoked once');

# ------------------------------------------------------------------ kill -9

my $ALL_OF_IT = q{
	SELECT 'persona ' || p::text FROM engage.persona p UNION ALL SELECT 'caller ' || c::text FROM engage.caller c
	UNION ALL SELECT 'event ' || e::text FROM engage.merge_event e UNION ALL SELECT 'state ' || s::text FROM engage.linkage_state s
	UNION ALL SELECT public.picture() ORDER BY 1};

new_database('killed');
srand($seed);
ask($_) for random_history(3);
# a sequence of a database that was copied survives a crash from the next checkpoint on
ask('CHECKPOINT');
refresh();
ask(q{
	CREATE SCHEMA chaos;
	GRANT USAGE ON SCHEMA chaos TO PUBLIC;
	CREATE FUNCTION chaos.wait(point text) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
	BEGIN
		PERFORM pg_advisory_lock_shared(hashtext(point));
		PERFORM pg_advisory_unlock_shared(hashtext(point));
	END$$;});
insert_at($node, $db, $_ => "PERFORM chaos.wait('$_');") for 'before all are linked', 'all are linked';
for my $point ('before all are linked', 'all are linked')
{
	my $before = ask($ALL_OF_IT);
	my ($holder, $refresher) = map { session($node, $db) } 1, 2;

	$holder->query_safe("SELECT pg_advisory_lock(hashtext('$point'))");
	ask(q{INSERT INTO engage.linkage_model (model, origin) SELECT jsonb_set(model, '{threshold}', (12 - (model ->> 'threshold')::integer)::text::jsonb), 'test'
		FROM engage.linkage_model ORDER BY model_id DESC LIMIT 1});
	$refresher->query_until(qr/started/, "\\echo started\nCALL engage.refresh();\n");
	my $pid = poll("the refresh to be held $point", sub { ask("SELECT pid FROM pg_stat_activity WHERE datname = '$db' AND wait_event = 'advisory'") });
	kill('KILL', $pid);
	poll('the server to start again', sub { ($node->psql($db, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)"))[1] eq 't' });
	eval { $_->quit } for $holder, $refresher;

	is(unlike_lines(ask($ALL_OF_IT), $before, ''), '', "a refresh that links everything is killed $point: all is as it was");
	is(problems(), '', "killed $point: nothing is wrong");
	refresh();
	is(ask('SELECT (SELECT count(*) FROM engage_internal.dirty), engage.current_linkage_model() = max(model_id) FROM engage.linkage_model'), '0|t', "killed $point: the next one does it all");
	is(problems(), '', "killed $point: nothing is wrong then");
	my $refreshed = ask($PICTURE);
	isnt(unlike_lines(ask($ALL_OF_IT), $before, ''), '', "killed $point: which changes callers");
	ask('CALL engage.rebuild()');
	is(unlike_lines(ask($PICTURE), $refreshed, ''), '', "killed $point: and equals a rebuild");
}

$node->stop;
done_testing();
