# EngageIdentity: people who contact a force, and random histories of what it
# gets to know of them and decides.
#
#   new_people       people with several numbers, households, twins, a payphone,
#                    and somebody who calls all the time
#   contact_of       a contact of one of them, with whatever was said and mistyped
#   random_history   SQL, chunk by chunk
#   install_picture  what the register says of identity, by keys that do not
#                    depend on ids or on the order of events

package EngageIdentity;

use strict;
use warnings FATAL => 'all';
use Exporter 'import';

our @EXPORT = qw(new_people contact_of insert_contacts random_history install_picture SMALL_BLOCKS);

# Blocks of more than five are large, so that hubs change all the time.
use constant SMALL_BLOCKS => q{
	INSERT INTO engage.linkage_model (model, origin)
	SELECT jsonb_set(m.model, '{block}', '5'), 'small blocks' FROM engage.linkage_model m ORDER BY m.model_id DESC LIMIT 1;};

sub any { return $_[ int rand @_ ]; }

sub chance { return rand() < $_[0]; }

# -------------------------------------------------------------------- people

my @GIVEN = qw(Ada Adam Beth Boris Cora Cyril Dora Denis Edith Edwin);
my @FAMILY = qw(Arkwright Barrow Calder Dunmore Eastling);
my @STREET = ('Example Street', 'Invented Road', 'Sample Lane');

sub date { return sprintf '%d-%02d-%02d', 1940 + int rand 60, 1 + int rand 12, 1 + int rand 28; }

sub home
{
	return (address => (1 + int rand 30) . ' ' . any(@STREET), postcode => 'ZZ' . int(rand 3) . ' ' . int(rand 3) . 'AB');
}

# So many people; drama numbers are dealt out.
sub new_people
{
	my ($n) = @_;
	my $numbers = 0;
	my $number = sub { return sprintf '07700 9%05d', $numbers++ };
	my @people;

	while (@people < $n)
	{
		my %home = (home(), family => any(@FAMILY), landline => sprintf('01632 960%03d', scalar @people));
		my $birth = date();
		my $twins = chance(0.3);

		for my $member (1 .. any(1, 1, 1, 2, 3, 7))
		{
			my %person = (
				%home,
				given => any(@GIVEN),
				birth => $twins ? $birth : date(),
				numbers => [ map { $number->() } 1 .. any(1, 1, 2, 3) ],
				often => 1);

			$person{email} = lc("$person{given}.$person{family}") . int(rand 4) . '@example.com' if chance(0.4);
			$person{imei} = imei(int rand 1e6) if chance(0.3);
			$person{nominal} = sprintf 'NOM-%05d', int rand 1e5 if chance(0.3);
			push @people, \%person;
		}
	}
	# one of them calls as much as all others
	$people[0]{often} = @people;
	return \@people;
}

# A handset with this serial number: the last digit checks the others, of which every second counts double.
sub imei
{
	my ($serial) = @_;
	my $imei = sprintf '49015421%06d', $serial;
	my @digits = split //, $imei;
	my $sum = 0;

	$sum += $_ % 2 == 0 ? $digits[$_] : (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[$digits[$_]] for 0 .. $#digits;
	return $imei . (10 - $sum % 10) % 10;
}

sub mistyped
{
	my ($text) = @_;
	my $at = int rand length $text;

	return $text unless chance(0.15);
	substr($text, $at, 1) = any('', substr($text, $at, 1) x 2, any('a' .. 'z'));
	return $text;
}

sub spelt
{
	my ($number) = @_;
	my ($area, $rest) = split / /, $number;

	return any($number, $number, "$area$rest", '+44 ' . substr("$area$rest", 1), '0044' . substr("$area$rest", 1));
}

sub quoted { return defined $_[0] && $_[0] ne '' ? "'$_[0]'" : 'NULL'; }

# The columns of a contact, as SQL.
my @COLUMNS = qw(source source_ref occurred_at channel number_raw given_name family_name date_of_birth address postcode email imei nominal_ref);
my $refs = 0;

sub contact_of
{
	my ($person) = @_;
	my ($given, $family) = @$person{qw(given family)};
	my %said = (
		source => 'acd',
		source_ref => $refs++,
		occurred_at => sprintf('2026-03-%02d %02d:%02d+00', 1 + int rand 28, int rand 24, int rand 60),
		channel => any('999_voice', '101_voice', 'email'));
	my $number = any(@{ $person->{numbers} }, @{ $person->{numbers} }, $person->{landline}, $person->{landline}, ('01632 960900') x 2, '01632 960901');

	($given, $family) = ($family, $given) if chance(0.03);
	$said{number_raw} = spelt($number) if chance(0.85);
	$said{given_name} = mistyped($given) if chance(0.7);
	$said{family_name} = mistyped($family) if chance(0.7);
	$said{date_of_birth} = chance(0.1) ? date() : $person->{birth} if chance(0.5);
	$said{address} = mistyped($person->{address}) if chance(0.3);
	$said{postcode} = $person->{postcode} if chance(0.35);
	$said{email} = mistyped($person->{email}) if $person->{email} && chance(0.3);
	$said{imei} = $person->{imei} if $person->{imei} && chance(0.4);
	$said{nominal_ref} = $person->{nominal} if $person->{nominal} && chance(0.3);
	return \%said;
}

sub somebody
{
	my ($people) = @_;
	my @often = map { ($_) x $_->{often} } @$people;
	return any(@often);
}

sub insert_contacts
{
	my @rows = map { my $contact = $_; '(' . join(', ', map { quoted($contact->{$_}) } @COLUMNS) . ')' } @_;

	return '' unless @rows;
	return 'INSERT INTO engage.contact (' . join(', ', @COLUMNS) . ") VALUES\n" . join(",\n", @rows) . ";\n";
}

# ----------------------------------------------------------------- histories

# A row chosen by lot: the same in each run with the same seed.
sub lot
{
	my ($column) = @_;
	return "ORDER BY md5($column\::text || '" . int(rand 1e9) . "')";
}

sub some_contacts
{
	my ($most) = @_;
	return 'contact_id IN (SELECT contact_id FROM engage.contact ' . lot('contact_id') . ' LIMIT ' . (1 + int rand $most) . ')';
}

sub deletion
{
	my $kind = rand;

	return 'DELETE FROM engage.contact WHERE ' . some_contacts(6) . ';' if $kind < 0.5;
	# of somebody who calls all the time, so that blocks shrink
	return 'DELETE FROM engage.contact WHERE ' . some_contacts(60) . ';' if $kind < 0.65;
	return 'DELETE FROM engage.contact WHERE persona_key IN (SELECT persona_key FROM engage.persona ' . lot('persona_key') . ' LIMIT 5);' if $kind < 0.85;
	return 'DELETE FROM engage.contact c WHERE persona_key IN (SELECT p.persona_key FROM engage.persona p JOIN
		(SELECT x.caller_id FROM engage.persona x WHERE x.caller_id IS NOT NULL ' . lot('x.persona_key') . ' LIMIT 1) o USING (caller_id));';
}

sub correction
{
	my ($people) = @_;
	my $other = contact_of(somebody($people));
	my $column = any(qw(number_raw given_name family_name date_of_birth address postcode email));

	return "UPDATE engage.contact SET $column = " . quoted($other->{$column}) . ' WHERE ' . some_contacts(4) . ';' if chance(0.6);
	return 'UPDATE engage.contact SET ' . any("cli_status = 'withheld'", 'cli_status = NULL', "direction = 'outbound'", "direction = 'inbound'", 'given_name = NULL')
	  . ' WHERE ' . some_contacts(4) . ';';
}

sub known_number
{
	my $one = any("'+441632960900'", "'+447700900000'",
		"(SELECT number FROM engage.persona WHERE number IS NOT NULL " . lot('persona_key') . ' LIMIT 1)');

	return "DELETE FROM engage.known_number WHERE number = (SELECT number FROM engage.known_number " . lot('number') . ' LIMIT 1);' if chance(0.4);
	return "INSERT INTO engage.known_number (number, sharing) SELECT n, '" . any(qw(personal shared_household communal payphone organisation))
	  . "' FROM (SELECT $one) s (n) WHERE n IS NOT NULL ON CONFLICT (number) DO UPDATE SET sharing = excluded.sharing;";
}

# A person says something of two identifiers; some of it is refused.
sub decision
{
	my ($people) = @_;
	my $verb = any('confirm_link', 'reject_link');
	my @side = map { any(
		"(SELECT 'persona:' || persona_key FROM engage.persona " . lot('persona_key') . ' LIMIT 1)',
		"(SELECT number FROM engage.persona WHERE number IS NOT NULL " . lot('persona_key') . ' LIMIT 1)',
		"(SELECT 'caller:' || caller_id FROM engage.persona WHERE caller_id IS NOT NULL " . lot('persona_key') . ' LIMIT 1)') } 1, 2;

	return "DO \$\$BEGIN PERFORM engage.revoke_decision((SELECT decision_id FROM engage.link_decision WHERE revoked_at IS NULL "
	  . lot('decision_id') . " LIMIT 1), 'was wrong'); EXCEPTION WHEN no_data_found THEN NULL; END\$\$;" if chance(0.3);
	return "DO \$\$BEGIN PERFORM engage.$verb($side[0], $side[1], 'by lot');
		EXCEPTION WHEN invalid_parameter_value OR cardinality_violation OR object_not_in_prerequisite_state OR no_data_found OR null_value_not_allowed THEN NULL; END\$\$;";
}

# SQL in chunks; after each of them a refresh is to be right.
sub random_history
{
	my ($chunks) = @_;
	my $people = new_people(6 + int rand 8);
	my $region_at = int rand($chunks * 3);
	my @history;

	$refs = 0;
	for my $chunk (0 .. $chunks - 1)
	{
		my $sql = insert_contacts(map { contact_of(somebody($people)) } 1 .. any(0, 1, 2, 5, 10, 40));

		$sql .= deletion() . "\n" if chance(0.4);
		$sql .= correction($people) . "\n" if chance(0.4);
		$sql .= known_number() . "\n" if chance(0.3);
		$sql .= decision($people) . "\n" for 1 .. any(0, 0, 1, 2);
		$sql .= "UPDATE engage.policy SET region = 'FR';\n" if $chunk == $region_at;
		push @history, $sql;
	}
	return @history;
}

# ------------------------------------------------------------------- picture

sub install_picture
{
	my ($node, $db) = @_;

	$node->safe_psql(
		$db, q{
		CREATE FUNCTION public.picture() RETURNS SETOF text LANGUAGE sql AS $$
			SELECT 'caller ' || string_agg(persona_key::text, ' ' ORDER BY persona_key) FROM engage.persona WHERE caller_id IS NOT NULL GROUP BY caller_id
			UNION ALL SELECT 'nobody ' || persona_key FROM engage.persona WHERE caller_id IS NULL
			UNION ALL SELECT format('component %s %s', persona_key, component) FROM engage.persona
			UNION ALL SELECT 'shared ' || number FROM engage.shared_number
			UNION ALL SELECT format('large %s %s', block_key, last_rank) FROM engage_internal.block_large
			UNION ALL SELECT format('block %s %s %s', block_key, rank, persona_key) FROM engage_internal.persona_block
			UNION ALL SELECT 'link ' || l::text FROM engage.link l
			ORDER BY 1
		$$;});
	return;
}

1;
