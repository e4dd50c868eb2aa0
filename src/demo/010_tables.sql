-- The tables of a simulation. Ground truth is in person, person_number,
-- place and contact_truth; contact is what a force would have received.

CREATE TABLE engage_demo.simulation (
	seed      integer NOT NULL,
	people    integer NOT NULL,
	days      integer NOT NULL,
	start_on  date    NOT NULL,
	size      numeric NOT NULL,
	ordinary  integer NOT NULL,
	casts     integer NOT NULL,
	draw_key  bigint  NOT NULL
);
COMMENT ON TABLE engage_demo.simulation IS
	'One row: the arguments of the simulation that the other tables hold. The same arguments give the same rows everywhere.';
COMMENT ON COLUMN engage_demo.simulation.ordinary IS 'Ordinary people: people x size.';
COMMENT ON COLUMN engage_demo.simulation.casts IS 'How often the cast of special people (table role) appears: size, rounded up, 1 to 16.';
COMMENT ON COLUMN engage_demo.simulation.draw_key IS 'Key of all random draws, from the seed.';

CREATE TABLE engage_demo.role (
	role_no   integer PRIMARY KEY,
	role      text NOT NULL,
	nature    text[] NOT NULL,
	line      integer,
	home      integer NOT NULL,
	concern   integer NOT NULL,
	age       integer,
	purpose   text NOT NULL
);
COMMENT ON TABLE engage_demo.role IS
	'The special people that every simulation contains, and what each is there to test.';
COMMENT ON COLUMN engage_demo.role.nature IS 'True natures: persistent, repeat, vulnerable, nuisance, hoax, abusive, professional, repeat_victim, service_failure.';
COMMENT ON COLUMN engage_demo.role.line IS 'Which of the cast''s fixed-line numbers is theirs; NULL for none, or for numbers of their own kind.';
COMMENT ON COLUMN engage_demo.role.home IS 'Which of the cast''s households they live in.';
COMMENT ON COLUMN engage_demo.role.concern IS 'topic.topic_no of what they mostly contact about.';
COMMENT ON COLUMN engage_demo.role.age IS 'Age at the start of the simulation; NULL for a random adult age.';

CREATE TABLE engage_demo.topic (
	topic_no      integer PRIMARY KEY,
	subject       text NOT NULL,
	opening_code  text NOT NULL,
	closing_code  text NOT NULL,
	demand_class  text NOT NULL,
	qualifier     text,
	severity      integer NOT NULL
);
COMMENT ON TABLE engage_demo.topic IS
	'What contacts are about. Codes and labels are invented; they are no force''s and not the national list.';
COMMENT ON COLUMN engage_demo.topic.severity IS '0 to 255: how often an officer is sent, in 256ths.';

CREATE TABLE engage_demo.person (
	person_id        integer PRIMARY KEY,
	role             text NOT NULL,
	nature           text[] NOT NULL,
	given_name       text,
	family_name      text NOT NULL,
	date_of_birth    date,
	household_id     integer NOT NULL,
	tie              text,
	tied_to          integer,
	address          text NOT NULL,
	postcode         text NOT NULL,
	former_address   text,
	former_postcode  text,
	moved_on         date,
	district         text NOT NULL,
	email            text,
	imei             text[],
	nominal_ref      text,
	number           text,
	next_number      text,
	next_number_on   date,
	landline         text,
	active_from      date NOT NULL,
	active_to        date NOT NULL,
	ordinary_contacts integer NOT NULL,
	burst            integer NOT NULL,
	concern          integer NOT NULL,
	draw_key         bigint NOT NULL
);
COMMENT ON TABLE engage_demo.person IS
	'Ground truth: everybody who contacts the force, with the details they really have.';
COMMENT ON COLUMN engage_demo.person.role IS '''ordinary'', or role.role.';
COMMENT ON COLUMN engage_demo.person.given_name IS 'NULL for an organisation.';
COMMENT ON COLUMN engage_demo.person.tie IS 'Hard to distinguish from tied_to: ''twin'' (same birth date and household), ''couple'' (same household, mostly same family name), ''namesake'' (parent and child of the same name in one household).';
COMMENT ON COLUMN engage_demo.person.moved_on IS 'First local day at address and postcode; before it they gave former_address. NULL: did not move.';
COMMENT ON COLUMN engage_demo.person.imei IS 'Handsets, valid check digit, test range (type allocation code 00).';
COMMENT ON COLUMN engage_demo.person.number IS 'Own number, E.164; NULL for none. From next_number_on on it is next_number.';
COMMENT ON COLUMN engage_demo.person.landline IS 'Number shared by the household, E.164.';
COMMENT ON COLUMN engage_demo.person.active_from IS 'First local day on which an ordinary person contacts.';
COMMENT ON COLUMN engage_demo.person.active_to IS 'Local day by which they have stopped.';
COMMENT ON COLUMN engage_demo.person.ordinary_contacts IS 'Contacts drawn for an ordinary person, without redials and second legs; 0 for the cast, whose contacts are in script.';
COMMENT ON COLUMN engage_demo.person.burst IS 'Contacts come in runs of up to this many; 1 for single contacts.';
COMMENT ON COLUMN engage_demo.person.concern IS 'topic.topic_no of their usual matter.';
COMMENT ON COLUMN engage_demo.person.draw_key IS 'Key of this person''s random draws.';

CREATE TABLE engage_demo.person_number (
	number      text NOT NULL,
	person_id   integer NOT NULL,
	kind        text NOT NULL,
	valid_from  timestamptz NOT NULL,
	valid_to    timestamptz NOT NULL
);
COMMENT ON TABLE engage_demo.person_number IS
	'Ground truth: whose number each is, from valid_from until before valid_to. A number can have several holders at once (household) or one after another (recycled).';
COMMENT ON COLUMN engage_demo.person_number.number IS 'The number in E.164.';
COMMENT ON COLUMN engage_demo.person_number.kind IS '''personal'', ''household'', ''communal'' or ''organisation''.';

CREATE TABLE engage_demo.place (
	number   text PRIMARY KEY,
	sharing  engage.number_sharing NOT NULL,
	label    text NOT NULL
);
COMMENT ON TABLE engage_demo.place IS
	'Ground truth: numbers that stand for a place or an organisation, ready to be copied into engage.known_number.';

CREATE TABLE engage_demo.script (
	person_id    integer NOT NULL,
	step         integer NOT NULL,
	at           bigint NOT NULL,
	number       text,
	kind         text NOT NULL DEFAULT 'call',
	channel      engage.contact_channel NOT NULL DEFAULT '101_voice',
	direction    engage.contact_direction NOT NULL DEFAULT 'inbound',
	cli_status   engage.cli_status DEFAULT 'presented',
	told         integer,
	topic_no     integer,
	parent_step  integer,
	batch        text NOT NULL DEFAULT 'main',
	about        integer,
	note         text,
	PRIMARY KEY (person_id, step)
);
COMMENT ON TABLE engage_demo.script IS
	'What the cast does, contact by contact: simulate() writes it and then turns it into contacts.';
COMMENT ON COLUMN engage_demo.script.at IS 'Seconds since 1970-01-01 00:00 UTC.';
COMMENT ON COLUMN engage_demo.script.told IS 'The details that the caller gives, as a sum: 1 name, 2 date of birth, 4 address, 8 handset, 16 nominal reference. NULL: at random.';
COMMENT ON COLUMN engage_demo.script.topic_no IS 'NULL: the person''s concern.';
COMMENT ON COLUMN engage_demo.script.parent_step IS 'The step that this contact duplicates, redials or returns.';
COMMENT ON COLUMN engage_demo.script.about IS 'person_id of whom it is about, when not about the caller.';

CREATE TABLE engage_demo.simulated_contact (
	contact_no         bigint NOT NULL,
	event_no           bigint NOT NULL,
	parent_no          bigint,
	batch              text NOT NULL,
	kind               text NOT NULL,
	person_id          integer,
	about_person_id    integer,
	true_number        text,
	source             text NOT NULL,
	source_ref         text NOT NULL,
	occurred_at        timestamptz NOT NULL,
	recorded_at        timestamptz NOT NULL,
	channel            engage.contact_channel NOT NULL,
	direction          engage.contact_direction NOT NULL,
	number_raw         text,
	cli_status         engage.cli_status,
	given_name         text,
	family_name        text,
	date_of_birth      date,
	address            text,
	postcode           text,
	email              text,
	imei               text,
	nominal_ref        text,
	district           text,
	opening_code       text,
	closing_code       text,
	qualifiers         text[],
	subject            text,
	demand_class       text,
	grade              text,
	deployed           boolean,
	answered_at        timestamptz,
	ended_at           timestamptz,
	handling_seconds   integer,
	disconnected       boolean,
	spoke_to_service   boolean,
	confirmed_safe     boolean,
	tag                text,
	incident_ref       text,
	recording_ref      text,
	latitude           double precision,
	longitude          double precision,
	location_radius_m  double precision,
	details            jsonb
);
COMMENT ON TABLE engage_demo.simulated_contact IS
	'Every simulated contact, in order of time: what the force received (view contact) beside who it really was (view contact_truth).';
COMMENT ON COLUMN engage_demo.simulated_contact.contact_no IS '1, 2, 3 in order of time.';
COMMENT ON COLUMN engage_demo.simulated_contact.event_no IS 'Identifies the event within the simulation.';
COMMENT ON COLUMN engage_demo.simulated_contact.parent_no IS 'event_no of the contact that this one duplicates, redials or returns.';

CREATE VIEW engage_demo.contact AS
	SELECT batch, source, source_ref, occurred_at, recorded_at, channel, direction, number_raw, cli_status, given_name,
		family_name, date_of_birth, address, postcode, email, imei, nominal_ref, district, opening_code, closing_code,
		qualifiers, subject, demand_class, grade, deployed, answered_at, ended_at, handling_seconds, disconnected,
		spoke_to_service, confirmed_safe, tag, incident_ref, recording_ref, latitude, longitude, location_radius_m, details
	FROM engage_demo.simulated_contact;
COMMENT ON VIEW engage_demo.contact IS
	'The contacts as a force would receive them: the columns of engage.contact that a source fills. batch says which load() brings the row.';

CREATE VIEW engage_demo.contact_truth AS
	SELECT c.source, c.source_ref, c.occurred_at, c.batch, c.kind, c.person_id, p.role, p.household_id, c.about_person_id,
		c.true_number, c.event_no, c.parent_no
	FROM engage_demo.simulated_contact c
		LEFT JOIN engage_demo.person p ON p.person_id = c.person_id;
COMMENT ON VIEW engage_demo.contact_truth IS
	'Ground truth for each contact (source, source_ref): the person behind it (NULL: staff only) and what it is.';
COMMENT ON COLUMN engage_demo.contact_truth.kind IS
	'call, digital, in_person, abandoned, redial (an abandoned call tried again), duplicate (second leg of a transfer), callback (the queue''s), outbound, radio, internal.';
COMMENT ON COLUMN engage_demo.contact_truth.true_number IS 'The number really used, E.164, also where it was withheld; NULL for none.';
COMMENT ON COLUMN engage_demo.contact_truth.parent_no IS 'event_no of the contact that this one duplicates, redials or returns.';
