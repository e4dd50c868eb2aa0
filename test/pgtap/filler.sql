-- A filler is no evidence: it joins nobody, parts nobody, tells nobody.
--
-- Each test's name begins with the letter of the fault that it stands for.
-- Not in a transaction, since a refresh commits.

SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT * FROM no_plan();

SELECT engage.setup(rules => 'kent_v2');

CREATE FUNCTION pg_temp.say(ref text, at timestamptz, number text DEFAULT NULL, given text DEFAULT NULL, family text DEFAULT NULL, born date DEFAULT NULL,
	address text DEFAULT NULL, postcode text DEFAULT NULL, email text DEFAULT NULL, nominal text DEFAULT NULL, imei text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, date_of_birth, address, postcode, email, nominal_ref, imei)
	VALUES ('filler', ref, at, '101_voice', number, given, family, born, address, postcode, email, nominal, imei)
$$;
CREATE FUNCTION pg_temp.who(ref text) RETURNS bigint LANGUAGE sql AS $$
	SELECT k.caller_id FROM engage.contact c JOIN engage.contact_caller k USING (contact_id) WHERE c.source_ref = ref
$$;
CREATE FUNCTION pg_temp.callers(pattern text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(DISTINCT k.caller_id) FROM engage.contact c JOIN engage.contact_caller k USING (contact_id) WHERE c.source_ref LIKE pattern
$$;
-- names that sound unlike each other
CREATE FUNCTION pg_temp.name(i integer) RETURNS text LANGUAGE sql AS $$
	SELECT initcap(substr('bdfgklmnprstvz', 1 + i % 14, 1) || 'a' || substr('bdfgklmnprstvz', 1 + i / 14 % 14, 1) || 'o' || substr('bdfgklmnprstvz', 1 + i / 196 % 14, 1) || substr('bdfgklmnprstvz', 1 + i * 5 % 14, 1))
$$;
CREATE FUNCTION pg_temp.problems() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM engage.verify() $$;

-- ------------------------------------------------------- S1: the given input

SELECT pg_temp.say('a', '2025-09-01 10:00', '07700 900123', 'Kelia', 'Ashdown', NULL, NULL, 'ME14 1XX', imei => '000000000000000');
SELECT pg_temp.say('b', '2025-09-01 11:00', '07700 900456', 'Oren', 'Ashdown', NULL, NULL, 'ME14 1XX', imei => '000000000000000');
SELECT count(pg_temp.say('n' || i, timestamptz '2025-09-01 10:00' + i * interval '1 min', '0770090' || lpad((i * 7)::text, 4, '0'), nominal => '0'))
FROM generate_series(1, 80) i;
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.caller), 82::bigint, 'S1: 82 strangers with zeros for a handset or a reference are 82 callers');
SELECT is((SELECT count(*) FROM engage.flag), 0::bigint, 'S1: and none is flagged');
SELECT is(pg_temp.problems(), 0::bigint, 'S1: nothing is wrong');
TRUNCATE engage.contact;
CALL engage.refresh();

-- ------------------------------------- S1: strangers, and one person, by value

CREATE TEMP TABLE value (n integer GENERATED ALWAYS AS IDENTITY, detail text, value text);
INSERT INTO value (detail, value)
SELECT 'nominal', unnest('{0,00,000,0000000,-1,-99,99,999,9999,111,1111111,123,1234,12345678,987654321,N/K,n/k,NK,none,None,NULL,null,nil,-,.,?,x,X,xxx,tbc,TBC,to be confirmed,unknown,UNKNOWN,not known,n/a,#N/A,#REF!,dummy,test,pending,new,no trace,No trace PNC,no nominal,not on system,not on niche,no record,0000/000000X,NOM0000,unk,withheld,see log,00-00}'::text[])
UNION ALL SELECT 'imei', unnest('{000000000000000,00000000000000,0000000000000000,0,111111111111111,999999999999999,123456789012345,012345678901234,004999010640000,004400152020000,350000000000000,358000000000000,135790246811220,490154203237518,35-209900-000000-0,359151099797979,N/K,none,unknown,x,xxx,1234,12345,not available,-}'::text[])
UNION ALL SELECT 'email', unnest('{none,None,n/a,-,no email,NO E-MAIL,none@none.com,no@no.com,noemail@noemail.com,no-email@example.com,unknown@unknown.com,unknown@example.com,test@test.com,test@example.com,TEST@TEST.COM,a@a.com,x@x.com,abc@abc.com,na@na.com,noreply@example.com,no-reply@example.com,donotreply@example.com,anonymous@example.com,null@null.com,undefined@example.com,xxx@xxx.com,asdf@asdf.com,123@123.com,@example.com,kelia@noemail.com,declined@example.com,refused@refused.com,x@anonymous.invalid,gmail.com,notgiven@example.com,mailto:none@none.com,none.none@example.com,tbc@tbc.com,nobody@nowhere.com,fake@fake.com}'::text[])
UNION ALL SELECT 'date', unnest('{1900-01-01,1899-12-30,1899-12-31,1899-11-30,1901-01-01,1753-01-01,0001-01-01,1904-01-01,1970-01-01,1969-12-31,1111-11-11,1234-01-01,1800-01-01,1600-01-01,1601-01-01,1858-11-17,1901-12-13,1980-01-01,1960-01-01,1950-01-01,1990-01-01,1999-12-31,1999-09-09,2000-01-01,2001-01-01,1910-01-01,1920-01-01,1900-12-31}'::text[])
UNION ALL SELECT 'postcode', unnest('{ZZ99 3VZ,ZZ993VZ,zz99 3vz,ZZ99 3WZ,ZZ99 3CZ,ZZ99 1WZ,ZZ99,AA1 1AA,A1 1AA,AB1 2CD,XX1 1XX,XX99 9XX,AA99 9AA,XXX XXX,X,00000,0,99999,12345,N/K,n/k,unknown,.,-,?,none,no postcode,postcode unknown,NFA,no fixed abode,not known,refused,TBC,n/a,#N/A,withheld,AAA AAA,xx,test,null}'::text[])
UNION ALL SELECT 'address', unnest('{NFA,N.F.A.,nfa,No fixed abode,no fixed address,of no fixed abode,Of No Fixed Address,no address,Address unknown,address refused,ADDRESS WITHHELD,Address not given,homeless,street homeless,as above,AS ABOVE,same,same as above,see log,home,home address,N/K,n/k,NK,unknown,not known,refused,withheld,-,.,?,none,n/a,TBC,xxx,0,1,in custody,police station,hospital,no permanent address,various,null,#N/A,sofa surfing,not disclosed,keine Angabe,sans domicile fixe,declined to give}'::text[]);

-- strangers: two names, two numbers
SELECT count(pg_temp.say(format('s%s.%s', v.n, i), '2025-09-01 10:00', '0770090' || lpad((v.n * 2 + i)::text, 4, '0'),
	pg_temp.name(v.n * 2 + i), pg_temp.name(1000 - v.n * 2 - i),
	CASE v.detail WHEN 'date' THEN v.value::date END, CASE v.detail WHEN 'address' THEN v.value END, CASE v.detail WHEN 'postcode' THEN v.value END,
	CASE v.detail WHEN 'email' THEN v.value END, CASE v.detail WHEN 'nominal' THEN v.value END, CASE v.detail WHEN 'imei' THEN v.value END))
FROM value v, generate_series(1, 2) i;
CALL engage.refresh();
SELECT is_empty($$
	SELECT v.detail, v.value FROM value v
	WHERE (SELECT p.nominal_ref IS NOT NULL OR p.imei IS NOT NULL OR p.email IS NOT NULL OR p.date_of_birth IS NOT NULL OR p.postcode IS NOT NULL OR p.address IS NOT NULL
		FROM engage.contact c JOIN engage.persona p USING (persona_key) WHERE c.source_ref = format('s%s.1', v.n))$$,
	format('S1: no persona holds any of %s fillers', (SELECT count(*) FROM value)));
SELECT is_empty($$
	SELECT v.detail, v.value FROM value v WHERE pg_temp.who(format('s%s.1', v.n)) = pg_temp.who(format('s%s.2', v.n))$$,
	'S1: no filler joins strangers');
SELECT is(pg_temp.callers('s%'), 2 * (SELECT count(*) FROM value), 'S1: each of them is a caller');
SELECT is(pg_temp.problems(), 0::bigint, 'S1: nothing is wrong');
TRUNCATE engage.contact;
CALL engage.refresh();

-- one person, once with the true value and twice with the filler: one caller
SELECT count(pg_temp.say(format('p%s.%s', v.n, i), '2025-09-01 10:00', '0770090' || lpad(v.n::text, 4, '0'), 'Kelia', 'Ashdown',
	CASE WHEN v.detail <> 'date' THEN NULL WHEN i = 1 THEN '1984-06-17' ELSE v.value::date END,
	CASE WHEN v.detail <> 'address' THEN NULL WHEN i = 1 THEN '9 Mock Court' ELSE v.value END,
	CASE WHEN v.detail <> 'postcode' THEN NULL WHEN i = 1 THEN 'ME14 1XX' ELSE v.value END,
	CASE WHEN v.detail <> 'email' THEN NULL WHEN i = 1 THEN 'kelia' || v.n || '@example.com' ELSE v.value END,
	CASE WHEN v.detail <> 'nominal' THEN NULL WHEN i = 1 THEN 'NOM-' || 20000 + v.n ELSE v.value END,
	CASE WHEN v.detail <> 'imei' THEN NULL WHEN i = 1 THEN '35915109979797' ELSE v.value END))
FROM value v, generate_series(1, 3) i;
CALL engage.refresh();
SELECT is_empty($$
	SELECT v.detail, v.value FROM value v WHERE pg_temp.callers(format('p%s.%%', v.n)) <> 1$$,
	'S1: no filler parts a person');
TRUNCATE engage.contact;
CALL engage.refresh();

-- ------------------------------------------------------------ S1: names

CREATE TEMP TABLE name (n integer GENERATED ALWAYS AS IDENTITY, given text, family text);
INSERT INTO name (given, family)
SELECT unnest('{N/K,NK,Unk,NFI,Declined,Caller,RP,Test,Occupier,Mr,Mrs,Miss,Unknown male,Not provided,Name withheld,Member of public,Police,Neighbour,Duplicate,No reply,TBA,null,NULL,none,Anon,Anonymous,Male,Female,.,-,?,xxx,aaa,asdf,qwerty,123,0,#N/A,#REF!,NaN,undefined,IP,Informant,Resident,Adult male,Unknown female,Refused,Refused details,No name,no name given,Caller refused,Did not give name,Wont give name,Passer by,Security,Manager,Ambulance control,A N Other,Joe Bloggs,Dup call,Silent call,Dr,PC,"Unknown 1","Child 2",unbekannt,Inconnu,Anhysbys,Nieznany,"(unknown)","N.K.","n k",X,tbc,withheld}'::text[]), NULL
UNION ALL SELECT g, g FROM unnest('{N/K,Unk,Unknown,Caller,RP,Test,Occupier,Not provided,xxx,null,none,-,Police,Neighbour,Anon,TBA,0,Male,asdf}'::text[]) g
UNION ALL VALUES ('Unknown', 'Male'), ('Not', 'Known'), ('Member of', 'Public'), ('No', 'Name'), ('Mr', 'Unknown'), ('Mrs', 'N/K'), ('Refused', 'Details'),
	('Name', 'Withheld'), ('John', 'Doe'), ('Joe', 'Bloggs'), ('A', 'Caller'), ('the', 'occupier'), ('Not', 'given'), (NULL, 'Unknown'), (NULL, 'Not given'),
	(NULL, 'Mrs'), (NULL, 'Caller'), (NULL, 'N/K'), (NULL, 'Null'), (NULL, 'refused name');
-- withheld, with a name filler and a postcode: nobody is told by that
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, cli_status, given_name, family_name, postcode)
SELECT 'filler', format('w%s.%s', n.n, i), '2025-09-01 10:00', '101_voice', 'withheld', n.given, n.family, 'ME14 ' || n.n % 10 || 'X' || chr(65 + n.n / 10)
FROM name n, generate_series(1, 2) i;
CALL engage.refresh();
SELECT is_empty($$
	SELECT n.given, n.family FROM name n WHERE pg_temp.who(format('w%s.1', n.n)) IS NOT NULL$$,
	format('S1: with a postcode, none of %s name fillers tells a caller', (SELECT count(*) FROM name)));
TRUNCATE engage.contact;
CALL engage.refresh();
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, given_name, family_name)
SELECT 'filler', 'o' || n.n, '2025-09-01 10:00', '101_voice', n.given, n.family FROM name n;
SELECT is((SELECT count(*) FROM engage.contact WHERE persona_key IS NOT NULL AND family_name IS DISTINCT FROM 'Null' AND given_name IS DISTINCT FROM 'NaN'), 0::bigint,
	'S1: a contact with nothing but fillers has no persona');
TRUNCATE engage.contact;
CALL engage.refresh();

-- real names stay
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, given_name, family_name)
SELECT 'filler', 'r' || g || f, '2025-09-01 10:00', '101_voice', g, f
FROM (VALUES ('Kelia', 'Null'), ('Oren', 'Male'), ('Ann', 'Test'), ('Sam', 'Driver'), ('Na', 'Li'), ('Nan', 'Ashdown'), ('Will', 'Person'), ('An', 'Ng'),
	('K', 'O'), ('Hung', 'Wu'), ('May', 'King'), ('Guy', 'Young'), ('Dean', 'Pope'), ('Earl', 'Page'), ('Ali', 'Love'), ('Anton', 'Blank')) v (g, f);
CALL engage.refresh();
SELECT is_empty($$
	SELECT c.given_name, c.family_name FROM engage.contact c JOIN engage.persona p USING (persona_key)
	WHERE (c.given_name, c.family_name) IS DISTINCT FROM (p.given_name, p.family_name)$$,
	'S1: Kelia Null, Oren Male and their like keep their names');
TRUNCATE engage.contact;
CALL engage.refresh();

-- Mrs Ashdown and Kelia Ashdown on one mobile
SELECT count(pg_temp.say('k' || i, timestamptz '2025-09-01 10:00' + i * interval '1 hour', '07700 900123', CASE WHEN i % 2 = 0 THEN 'Kelia' ELSE 'Mrs' END, 'Ashdown'))
FROM generate_series(1, 6) i;
CALL engage.refresh();
SELECT is(pg_temp.callers('k%'), 1::bigint, 'S1: Mrs Ashdown and Kelia Ashdown on one mobile are one caller');
SELECT ok((SELECT count(*) > 0 FROM engage.flag f WHERE f.caller_id = pg_temp.who('k1')), 'S1: who is flagged');
TRUNCATE engage.contact;
CALL engage.refresh();

-- ------------------------------------------------- S2: fillers are not names

SELECT pg_temp.say('k', '2025-09-01 10:00', '07700 900123', 'Kelia', 'Ashdown');
SELECT pg_temp.say(g, '2025-09-01 11:00', '07700 900123', g) FROM unnest('{Unk,RP,Caller,Declined,Occupier,N/K,Mr,Test,Anon}'::text[]) g;
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.shared_number), 0::bigint, 'S2: fillers do not make a number shared');
SELECT is((SELECT count(DISTINCT COALESCE(pg_temp.who(c.source_ref), 0)) FROM engage.contact c), 1::bigint, 'S2: all are the one caller''s');
SELECT is((SELECT count(*) FROM engage.identify(number => '07700 900123', given_name => 'Unk') i WHERE i.caller_id = pg_temp.who('k')), 1::bigint,
	'S2: identify() takes no filler for another name');
TRUNCATE engage.contact;
CALL engage.refresh();

-- ------------------------------------------------------ M4, S10: the force's own

SELECT count(pg_temp.say('f' || i, '2025-09-01 10:00', '0770090010' || i, 'Jobseeker', (ARRAY['Ashdown', 'Marlow', 'Vint'])[i], nominal => 'DESK-7')) FROM generate_series(1, 3) i;
SELECT count(pg_temp.say('d' || i, timestamptz '2025-09-01 10:00' + i * interval '1 hour', '01632 960777')) FROM generate_series(1, 6) i;
SELECT pg_temp.say('e', '2025-09-01 10:00', '07700 900555', 'Ann', 'Vint', '1970-01-01');
CALL engage.refresh();
SELECT is(pg_temp.callers('f%'), 1::bigint, 'S1: what no list has joins');
SELECT is((SELECT p.date_of_birth FROM engage.persona p WHERE p.number = '+447700900555'), NULL, 'S1: a default date is none');
INSERT INTO engage.filler (kind, value) VALUES ('identifier', 'desk 7'), ('name', 'JOBSEEKER'), ('number', '01632 960 777');
INSERT INTO engage.filler (kind, value, is_filler) VALUES ('date', '1970-01-01', false);
SELECT is(pg_temp.problems(), 0::bigint, 'S1: a change of the list waits, and nothing is wrong');
CALL engage.refresh();
SELECT is(pg_temp.callers('f%'), 3::bigint, 'S1: the force''s own filler joins nobody');
SELECT is((SELECT count(*) FROM engage.persona p WHERE p.given_name = 'Jobseeker'), 0::bigint, 'S1: nor is it a name');
SELECT is(pg_temp.callers('d%'), 0::bigint, 'S10: a number of the force''s list is nobody''s');
SELECT is((SELECT (l.known, l.e164 IS NULL, l.emergency_override IS NOT NULL)::text FROM engage.lookup('+44 1632 960777') l), '(f,t,t)', 'S10: nor in lookup()');
SELECT is((SELECT count(*) FROM engage.flag f WHERE f.withdrawn_at IS NULL), 0::bigint, 'S10: its flags are withdrawn');
SELECT is((SELECT p.date_of_birth FROM engage.persona p WHERE p.number = '+447700900555'), '1970-01-01', 'S1: a date that may be true is, where the force says so');
SELECT is((SELECT i.match FROM engage.identify(nominal_ref => 'DESK7') i), 'nobody', 'S1: identify() knows it');
SELECT throws_ok($$SELECT engage.confirm_link('nominal:DESK-7', '07700 900555', 'x')$$, '22023', NULL, 'S1: nor can anybody decide by it');
SELECT is((SELECT r.duplicate_of FROM engage.refer('Shouts', given_name => 'Jobseeker', family_name => 'Zedling', date_of_birth => '1981-02-03') r), NULL, 'S1: a referral');
SELECT is((SELECT r.duplicate_of FROM engage.refer('Shouts', given_name => 'jobseeker', family_name => 'Zedling', date_of_birth => '1981-02-03') r), NULL, 'S1: and no duplicate of it by a filler');
SELECT is(pg_temp.problems(), 0::bigint, 'S1: nothing is wrong');
CREATE TEMP TABLE before AS SELECT persona_key, number, given_name, nominal_ref, caller_id FROM engage.persona;
CALL engage.rebuild();
SELECT bag_eq('SELECT persona_key, number, given_name, nominal_ref, caller_id FROM engage.persona', 'TABLE before', 'S1: a rebuild gives the same');
DELETE FROM engage.filler;
CALL engage.refresh();
SELECT is(pg_temp.callers('f%'), 1::bigint, 'S1: taken off the list, it is evidence again');
SELECT is(pg_temp.callers('d%'), 1::bigint, 'S10: and the number somebody''s');
SELECT ok((SELECT count(*) > 0 FROM engage.flag f WHERE f.withdrawn_at IS NULL), 'S10: whose flag is back');
SELECT is(pg_temp.problems(), 0::bigint, 'S1: nothing is wrong');
CREATE TEMP TABLE blocks AS SELECT block_key, persona_key FROM engage_internal.persona_block;
CALL engage.rebuild();
SELECT bag_eq('SELECT block_key, persona_key FROM engage_internal.persona_block', 'TABLE blocks', 'S1: no block stays of what was');
SELECT throws_ok($$INSERT INTO engage.filler (kind, value, is_filler) VALUES ('date', '1900-01-01', false)$$, '23514', NULL, 'S1: what can be nothing else cannot be said to be real');
SELECT throws_ok($$SELECT engage.is_filler('nickname', 'x')$$, '22023', NULL, 'S1: an unknown kind is refused');
TRUNCATE engage.contact;
CALL engage.refresh();

-- details beyond the columns
SELECT engage.name_identity_details('{"warrant": "identifier", "birthday": "date"}');
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, details) VALUES
	('filler', 'x1', '2025-09-01 10:00', '101_voice', '07700 900301', '{"warrant": "0", "birthday": "00/00/0000"}'),
	('filler', 'x2', '2025-09-01 10:00', '101_voice', '07700 900302', '{"warrant": "0", "birthday": "00/00/0000"}'),
	('filler', 'x3', '2025-09-01 10:00', '101_voice', '07700 900303', '{"warrant": "FOUND-1", "birthday": "1/1/1970"}'),
	('filler', 'x4', '2025-09-01 10:00', '101_voice', '07700 900304', '{"warrant": "FOUND-1", "birthday": "07/03/1984"}');
INSERT INTO engage.filler (kind, value) VALUES ('identifier', 'found 1');
CALL engage.refresh();
SELECT bag_eq('SELECT number, identity_details::text FROM engage.persona', $$VALUES ('+447700900301', NULL), ('+447700900302', NULL), ('+447700900303', NULL), ('+447700900304', '{"birthday": "07/03/1984"}')$$,
	'S1: details beyond the columns lose their fillers too');
SELECT is(pg_temp.problems(), 0::bigint, 'S1: nothing is wrong');
DELETE FROM engage.filler;
SELECT engage.name_identity_details('{}');
TRUNCATE engage.contact;
CALL engage.refresh();

-- ------------------------------------------------------------- what is learnt

-- strangers with a reference, a date and a given name that no list has, among others
SELECT count(pg_temp.say('l' || i, timestamptz '2025-09-01 10:00' + i * interval '1 min', '077009' || lpad((i * 3)::text, 5, '0'),
	CASE WHEN i % 4 = 0 THEN 'Zedcaller' ELSE 'G' || substr('bdfghjklmnprstvwz', 1 + i % 17, 1) || 'a' || substr('bdfghjklmnprstvwz', 1 + i / 17 % 17, 1) || 'o' END,
	'F' || substr('bdfghjklmnprstvwz', 1 + i * 7 % 17, 1) || 'e' || substr('bdfghjklmnprstvwz', 1 + i / 5 % 17, 1) || 'i' || substr('bdfghjklmnprstvwz', 1 + i / 3 % 17, 1),
	CASE WHEN i % 20 = 1 THEN '1966-05-04'::date ELSE '1950-03-02'::date + i * 23 END,
	nominal => CASE WHEN i % 5 = 0 THEN 'RMU-DESK' ELSE 'NOM-' || 50000 + i END))
FROM generate_series(1, 800) i;
CALL engage.rebuild();
SELECT bag_eq('SELECT kind, value FROM engage.filler_suspect', $$VALUES ('identifier', 'RMU-DESK'), ('given_name', 'Zedcaller'), ('date', '1966-05-04')$$,
	'S1: what far more people share than chance explains is learnt, and nothing else');
SELECT is((SELECT count(*) FROM engage.persona WHERE nominal_ref = 'RMU-DESK' OR given_name = 'Zedcaller' OR date_of_birth = '1966-05-04'), 0::bigint, 'S1: it weighs nothing');
SELECT is(pg_temp.callers('l%'), 800::bigint, 'S1: so all are strangers');
SELECT is(pg_temp.problems(), 0::bigint, 'S1: nothing is wrong');
INSERT INTO engage.filler (kind, value, is_filler) VALUES ('identifier', 'RMU-DESK', true), ('date', '1966-05-04', false);
CALL engage.refresh();
SELECT bag_eq('SELECT kind, value FROM engage.filler_suspect', $$VALUES ('given_name', 'Zedcaller')$$, 'S1: what is decided is proposed no longer');
SELECT is((SELECT count(*) FROM engage.persona WHERE date_of_birth = '1966-05-04'), 40::bigint, 'S1: a date that is said to be real is');
SELECT is(pg_temp.problems(), 0::bigint, 'S1: nothing is wrong');
CALL engage.rebuild();
SELECT is((SELECT count(*) FROM engage.persona WHERE date_of_birth = '1966-05-04'), 40::bigint, 'S1: and stays so');
SELECT is(pg_temp.problems(), 0::bigint, 'S1: nothing is wrong');

SELECT * FROM finish();
