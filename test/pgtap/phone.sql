-- Numbers and lookup: what phone() accepts is found, what is no one's number
-- joins nobody, and a lookup answers whatever happens.
--
-- Each test's name begins with the letter of the fault that it stands for.
-- Not in a transaction, since a refresh commits.

SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT * FROM no_plan();

SELECT engage.setup();

-- ------------------------------------------------------------ S7: spellings

-- All spellings are put together from parts, so that each is of 07700 900123.
CREATE TABLE spelling (raw text PRIMARY KEY);
INSERT INTO spelling
WITH body (body) AS (
	VALUES ('7700900123'), ('7700 900123'), ('7700-900-123'), ('7700.900.123'), ('7700_900 123'),
		(U&'7700\2013900\2013123'), (U&'7700\00A0900\00A0123'), (U&'7700\202F900123'), (U&'7700\2212900123')
), prefix (prefix) AS (
	VALUES ('0'), ('(0)'), ('44'), ('+44'), ('+44 '), ('(+44) '), ('0044'), ('0044 '), ('+44 (0)'), ('+44(0) '), ('0044 (0)'), ('44 0'), (''),
		('141 0'), ('1410'), ('1470 0'), ('141 +44 '), ('141 0044 '), ('#31#0'), ('*31#0'), ('18001 0'), ('18002 0'), ('18001 +44'),
		('9 0'), ('9 +44 '), ('9,0'), ('90'), ('+0'), ('0+44 '), ('00+44'), ('00 '), ('Tel: 0'), ('Mobile no. 0'), ('Mob 0'), ('t: +44 '), ('Home: 0'),
		('CLI 0'), ('''0'), ('="0'), (U&'\FEFF0'), (U&'\202A+44 '), ('  0')
), behind (behind) AS (
	VALUES (' ext 12'), (' ext. 1234'), ('x12'), (' #12'), (' Extension: 12'), (','), (';'), ('/'), (' ,'), (' (mob)'), (' (mobile)'), (' mobile'), (' [home]'),
		(' work'), (' (h)'), ('"'), ('@10.0.0.5'), ('@10.0.0.5:5060'), ('@host2.example;user=phone')
), address (address) AS (
	SELECT scheme || number || rest
	FROM unnest('{tel:,sip:,sips:,SIP:}'::text[]) scheme, unnest('{+447700900123,07700900123,%2B447700900123,00447700900123,07700-900-123}'::text[]) number,
		unnest('{"",;ext=12,@10.0.0.5,@ims99.example;user=phone,@10.0.0.5:5060;tag=7}'::text[]) rest
), plain (raw) AS (
	SELECT prefix || body FROM prefix, body
	UNION SELECT prefix || body || behind FROM prefix, body, behind WHERE prefix IN ('0', '+44', '0044 ') AND body IN ('7700900123', '7700 900123')
	UNION VALUES ('07700/900123'), ('(07700)/900123'), ('+44/7700900123'), ('+44 7700/900 123'), ('7700900123.0'), ('447700900123.0'), ('7700900123.00'),
		('+447700900123.0'), ('07700900123.0'), ('044 7700 900123'), ('00044 7700 900123'), ('000 7700 900123')
)
SELECT raw FROM plain
UNION SELECT address FROM address
UNION SELECT name || '<' || address || '>' FROM address, unnest('{"","\"Kelia\" ","\"07700 900123\" "}'::text[]) name WHERE address ~ '^(sip|tel):'
UNION SELECT '7700 (900) 123' UNION SELECT '"Kelia" <07700900123>' UNION SELECT 'Kelia Ashdown <+44 7700 900123>;tag=12'
-- the digits of other scripts
UNION SELECT translate(raw, '0123456789', U&'\FF10\FF11\FF12\FF13\FF14\FF15\FF16\FF17\FF18\FF19') FROM plain WHERE raw ~ '^(0|[+]44 |0044|44)7700'
UNION SELECT translate(raw, '0123456789', U&'\0660\0661\0662\0663\0664\0665\0666\0667\0668\0669') FROM plain WHERE raw ~ '^(0|[+]44 |0044|44)7700'
UNION SELECT translate(raw, '0123456789', U&'\06F0\06F1\06F2\06F3\06F4\06F5\06F6\06F7\06F8\06F9') FROM plain WHERE raw ~ '^(0|[+]44 |44)7700';

SELECT cmp_ok(count(*), '>=', 500::bigint, 'S7: 500 spellings') FROM spelling;
SELECT is((SELECT array_agg(raw) FROM spelling WHERE engage.phone(raw) IS DISTINCT FROM '+447700900123'), NULL, 'S7: phone() accepts each');

-- and neighbours, which are other numbers
CREATE TABLE neighbour (raw text);
INSERT INTO neighbour VALUES ('07700 900124'), ('07700 900122'), ('+44 7700 900129'), ('01632 960123'), ('020 7946 0123'), ('0800 1111'), ('0845 4647'),
	('+33 6 39 98 00 12'), ('sip:07700900124@10.0.0.123'), ('7700900123 7700900124'), ('+7 7700 900123'), ('+1 770 090 0123'), ('0770090012'), ('Withheld'), (NULL);

INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'spelling', row_number() OVER (ORDER BY raw), now() - interval '1 hour' - row_number() OVER (ORDER BY raw) * interval '1 second', '101_voice', raw
FROM spelling;
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'neighbour', row_number() OVER (), now() - interval '1 minute', '101_voice', raw FROM neighbour;

-- what a lookup counts, by any spelling
CREATE FUNCTION pg_temp.counted(number text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', l.e164, l.contacts_24_hours, l.contacts_7_days, l.contacts_28_days,
		l.last_contact_at = (SELECT max(c.occurred_at) FROM engage.contact c WHERE c.source = 'spelling'))
	FROM engage.lookup(number) l
$$;
CREATE FUNCTION pg_temp.expected() RETURNS text LANGUAGE sql AS $$
	SELECT format('+447700900123 %s %s %s t', n, n, n) FROM (SELECT count(*) AS n FROM spelling) s
$$;
SELECT is(pg_temp.counted(raw), pg_temp.expected(), 'S7: before a refresh, looked up as ' || raw)
FROM (VALUES ('07700 900123'), ('sip:+447700900123@10.0.0.5'), ('7700900123.0')) v (raw);
CALL engage.refresh();
SELECT is(pg_temp.counted(raw), pg_temp.expected(), 'S7: after a refresh, looked up as ' || raw)
FROM (VALUES ('07700 900123'), ('"Kelia" <07700900123>')) v (raw);
SELECT is((SELECT count(DISTINCT p.caller_id) FROM engage.contact c JOIN engage.persona p USING (persona_key) WHERE c.source = 'spelling'), 1::bigint,
	'S7: all spellings are one caller');
SELECT is((SELECT array_agg(contacts_28_days ORDER BY number) FROM unnest('{0800 1111,0845 4647,+44 800 1111,+33639980012}'::text[]) number, engage.lookup(number)),
	'{1,1,1,1}', 'S7: short national forms and another country''s number');

-- the same where nothing is settled by the key: in another region
UPDATE engage.policy SET region = 'FR';
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'fr', raw, now() - interval '1 minute', '101_voice', raw
FROM unnest('{01 99 00 12 34,+33 1 99 00 12 34,0033199001234,199001234,tel:+33-1-99001234}'::text[]) raw;
SELECT is((SELECT contacts_24_hours FROM engage.lookup('01 99 00 12 34')), (SELECT count(*) FROM engage.contact
	WHERE source = 'fr' AND engage.phone(number_raw, 'FR') = '+33199001234'), 'S7: in a region of another calling code, before a refresh');
SELECT cmp_ok((SELECT contacts_24_hours FROM engage.lookup('+33199001234')), '>=', 3::bigint, 'S7: which are most of them');
UPDATE engage.policy SET region = 'GB';

-- ------------------------------------------------- S10, M4: numbers that stand for no one

CREATE FUNCTION pg_temp.kinds(expected text, raws text[], region text DEFAULT 'GB') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT is((SELECT array_agg(raw || ' is ' || engage.phone_kind(raw, region)) FROM unnest(raws) raw
		WHERE engage.phone(raw, region) IS NOT NULL OR engage.phone_kind(raw, region) <> expected), NULL, 'S10, M4: ' || expected || ': ' || array_to_string(raws[1:6], ', ') || ' ...')
$$;
SELECT pg_temp.kinds('withheld', '{7378742833,+7378742833,17378742833,+17378742833,266696687,+266696687,1266696687,2562533,+2562533,12562533,7748283,94844353}');
SELECT pg_temp.kinds('unavailable', '{86282452253,+86282452253,+186282452253,8656696,+8656696,688632732,6622553743}');
SELECT pg_temp.kinds('withheld', '{W/H,w/h,WH,Witheld,With-held,With held,Withheald,Withhled,WITHOLD,number witheld,CLIR,Hidden,hidden number,Barred,Blocked,BLOCKED CALL,Anon,ANON.,Anonymus,Annonymous,Private,private no,Privte,Restricted,Suppressed,ex-directory,Refused,Declined,No Caller ID}');
SELECT pg_temp.kinds('unavailable', ARRAY['UNK', 'N/K', 'NK', 'nk', 'N.K.', 'No CLI presented', 'no CLI', 'Unidentified', '#REF!', '#N/A', '#VALUE!', '#NAME?', '#DIV/0!', '#NUM!', '#NULL!', '#SPILL!',
	'NaN', 'NaT', '<NA>', 'None', 'null', '(null)', '\N', 'nil', 'undefined', '(blank)', '-', '--', '.', '...', '?', '??', '', ' ', '/', '*', 'Unkown', 'UNKNWON', 'Unavailble', 'unavail', 'Out of area', 'Not provided',
	'not recorded', 'Not supplied', 'TBC', 'NFI', 'No number', 'no phone number', 'No data', 'xxxxx', 'default', '0', '00000000000']);
SELECT pg_temp.kinds('payphone', '{coin phone,Coin box,PAYPHONE,pay-phone,phonebox,Call Box,kiosk 4,Public phone,telephone box}');
SELECT pg_temp.kinds('withheld', '{sip:anonymous@anonymous.invalid,sip:+447700900123@anonymous.invalid,sip:x7@anonymous.invalid,"\"Anonymous\" <sip:+447700900123@10.0.0.5>",sips:restricted@10.0.0.5,anonymous@10.0.0.5}');
SELECT pg_temp.kinds('unavailable', '{sip:unavailable@unknown.invalid,sip:+447700900123@unknown.invalid,sip:unknown@10.0.0.5,tel:unavailable}');
SELECT pg_temp.kinds('short_code', '{ext 1234,Ext. 12,x123,999,101,118500,18000}');

-- what is typed to get past a field
SELECT pg_temp.kinds('malformed', '{01234567890,0123456789,1234567890,+441234567890,07123456789,07000000000,0800000000,08000000000,01000000000,07987654321,07700000000,07777777777,02000000000,
	02012345678,07012345678,0987654321,09876543210,01632000000,01610000000,07900000000,07700123456,07700654321,01234123456,08001234567,07111111111,07722222222,01111111111,07878787878,07121212121,07123123123,
	0123123123,02088888888,01212121212,00441234567890,44 1234 567890}');
SELECT pg_temp.kinds('malformed', '{01 23 45 67 89,+33 123456789,06 00 00 00 00}', 'FR');
-- two numbers in one field, a number with a slip, and what is no number
SELECT is((SELECT array_agg(raw || ' is ' || engage.phone(raw)) FROM unnest(ARRAY['07700 900123 / 07700 900456', '07700 900123/4', '01632 960123/4', '07700900123,07700900456', '07700 900123 or 900456',
	'07700 900456 <07700 900123>', '"07700900456" <sip:07700900123@10.0.0.5>', '<sip:07700900123@a>, <sip:07700900456@a>', '07700 9001O3', '07700 90012', '07700 9001234', '07700 900123 John', '01/01/2001 12',
	'4.47700900123E+11', '7.7009E+11', '18001', 'kelia7700900123@example.com', '+44 +44 7700 900123', '2 x 07700 900123']) raw
	WHERE engage.phone(raw) IS NOT NULL), NULL, 'S10: two numbers in a field, a slip, and other things are no number');

-- what Ofcom sets aside for drama is never one
SELECT is((SELECT array_agg(number) FROM (
		SELECT '0' || (range.first + n) AS number
		FROM (SELECT (code || '4960000')::bigint AS first FROM unnest('{113,114,115,116,117,118,121,131,141,151,161}'::text[]) code
			UNION ALL VALUES (1914980000), (2079460000), (2890180000), (2896496000), (2920180000), (1632960000), (7700900000), (8081570000), (9098790000), (3069990000)) range,
			generate_series(0, 999) n) drama
	WHERE engage.phone(number) IS DISTINCT FROM '+44' || substr(number, 2)), NULL, 'S10: all 21,000 drama numbers pass');
-- and lines of six equal digits are a taxi's
SELECT is((SELECT array_agg(raw) FROM unnest('{01632 222222,0161 912 3456,020 7912 3456,0161 900 0000,020 7300 0000,01632 654321}'::text[]) raw WHERE engage.phone(raw) IS NULL), NULL,
	'S10: six equal digits are no filler, nor is the end of a long local number');

-- a zero too many, and the countries that it could be
SELECT is((SELECT array_agg(engage.phone(raw)) FROM unnest(ARRAY['00 20 7946 0123', '00 7700 900123', '00 1632 960123', '00 28 9649 6123', '00 29 2018 0123', '000 20 7946 0123']) raw),
	'{+442079460123,+447700900123,+441632960123,+442896496123,+442920180123,+442079460123}', 'S10: a zero too many');
SELECT is((SELECT array_agg(engage.phone(raw)) FROM unnest(ARRAY['00 20 2 3456 7801', '00 20 3 946 0123', '00 1 201 555 0123', '00 7 495 555 0123', '00 33 6 39 98 00 12', '00 44 7700 900123']) raw),
	'{+20234567801,+2039460123,+12015550123,+74955550123,+33639980012,+447700900123}', 'S10: but numbers of other countries stay theirs');
SELECT is(engage.phone('905321234567') IS DISTINCT FROM '+445321234567', true, 'S10: 90 is Turkey, too');

-- as they join nobody
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw)
SELECT 'nobody', raw || n, now() - n * interval '1 hour', '101_voice', raw
FROM unnest('{7378742833,01234567890,W/H,#REF!,07700000000}'::text[]) raw, generate_series(1, 7) n;
CALL engage.refresh();
SELECT is((SELECT count(*) FROM engage.persona p JOIN engage.contact c USING (persona_key) WHERE c.source = 'nobody' AND (p.number IS NOT NULL OR p.caller_id IS NOT NULL)), 0::bigint,
	'S10: contacts with a filler for a number have no caller');
SELECT is((SELECT count(*) FROM engage.lookup('01234567890') l WHERE NOT l.known AND l.e164 IS NULL AND l.emergency_override <> ''), 1::bigint, 'S10: and a lookup of one knows nothing');

-- ------------------------------------------------------- D4: many personas

-- counts by a query that knows nothing of keys
CREATE FUNCTION pg_temp.by_number(e164 text, as_of timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', count(*) FILTER (WHERE c.occurred_at > as_of - interval '24 hours'), count(*) FILTER (WHERE c.occurred_at > as_of - interval '168 hours'),
		count(*) FILTER (WHERE c.occurred_at > as_of - interval '672 hours'), max(c.occurred_at))
	FROM engage.contact c
	WHERE engage.phone(engage_internal.presented_number(c.number_raw, c.cli_status)) = e164 AND c.occurred_at <= as_of
		AND c.direction = 'inbound' AND c.callback_of IS NULL AND c.duplicate_of IS NULL
$$;
CREATE FUNCTION pg_temp.by_index(e164 text, as_of timestamptz) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', n.contacts_24_hours, n.contacts_7_days, n.contacts_28_days, n.last_contact_at) FROM engage_internal.number_contacts(e164, 'GB', as_of) n
$$;
CREATE FUNCTION pg_temp.same(note text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT is((SELECT array_agg(format('%s: %s, not %s', e164, pg_temp.by_index(e164, as_of), pg_temp.by_number(e164, as_of)))
		FROM unnest('{+447700900555,+447700900556,+441632960555,+33639980055,+447700900999}'::text[]) e164,
			unnest(ARRAY[now(), now() - interval '40 days', now() - interval '300 days', now() + interval '1 day']) as_of
		WHERE pg_temp.by_index(e164, as_of) IS DISTINCT FROM pg_temp.by_number(e164, as_of)), NULL, 'D4: ' || note)
$$;
-- many personas, one with a long history, times that come twice, outbound and withheld ones, some still to come
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, direction, cli_status)
SELECT 'many', n, now() + interval '12 hours' - (n * 7919 % 3000) * interval '7 hours', '101_voice',
	(ARRAY['07700 900555', '+44 7700 900556', 'sip:01632960555@10.0.0.5', '+33 6 39 98 00 55', '0033 639980055'])[1 + n % 5],
	CASE WHEN n % 3 = 0 THEN NULL ELSE 'N' || n % 700 END, CASE WHEN n % 31 = 0 THEN 'outbound' ELSE 'inbound' END::engage.contact_direction,
	CASE WHEN n % 37 = 0 THEN 'withheld' END::engage.cli_status
FROM generate_series(1, 6000) n;
SELECT pg_temp.same('the index gives what all contacts give');
DELETE FROM engage.contact WHERE source = 'many' AND source_ref::int % 4 = 0;
UPDATE engage.contact SET tag = 'x' WHERE source = 'many' AND source_ref::int % 3 = 0;
SELECT pg_temp.same('with rows deleted and changed, not vacuumed');
DELETE FROM engage.contact WHERE source = 'many' AND occurred_at > now() - interval '50 days';
SELECT pg_temp.same('with all of the last weeks deleted, not vacuumed');
VACUUM engage.contact;
SELECT pg_temp.same('vacuumed');
UPDATE engage.contact SET duplicate_of = (SELECT min(contact_id) FROM engage.contact) WHERE source = 'many' AND occurred_at > now() - interval '200 days';
SELECT pg_temp.same('with the newest half duplicates');
SELECT is(engage_internal.number_contacts('+447700900555', 'GB', now()), engage_internal.number_contacts_by_query('+447700900555', 'GB', now()), 'D4: and so does the query that stands in for the index');
BEGIN;
DROP INDEX engage.contact_counted;
SELECT is((SELECT contacts_28_days IS NULL FROM engage_internal.number_contacts('+447700900555', 'GB', now())), true, 'D4: without the index there is no answer from it');
SELECT is(pg_temp.counted('07700 900123'), pg_temp.expected(), 'D4: and lookup gives the same');
ROLLBACK;

-- a number that stands for nobody needs no callers, and one that many names use has none
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name)
SELECT 'names', n, now() - n * interval '1 hour', '101_voice', '07700 900777', md5('g' || n), md5('f' || n) FROM generate_series(1, 40) n;
CALL engage.refresh();
SELECT is((SELECT (caller_ids, contacts_28_days, known)::text FROM engage.lookup('07700 900777')), '({},40,t)', 'D4: a number that many names use');
INSERT INTO engage.known_number (number, sharing) VALUES ('07700 900777', 'personal');
CALL engage.refresh();
SELECT is((SELECT caller_ids FROM engage.lookup('07700 900777')), (SELECT array_agg(DISTINCT caller_id) FROM engage.persona WHERE number = '+447700900777'),
	'D4: and once it is known to be personal, all of its callers');

-- a lookup answers whatever happens
SET client_min_messages = error;
ALTER TABLE engage.known_number RENAME TO known_number_away;
SELECT is((SELECT row(emergency_override <> '', known, contacts_28_days, caller_ids, open_flags)::text FROM engage.lookup('07700 900123')), '(t,,,,)',
	'D4, D9: if something cannot be read, the emergency override text comes, and nothing that could be taken for an answer');
ALTER TABLE engage.known_number_away RENAME TO known_number;
SET client_min_messages = warning;
SELECT is(pg_temp.counted('07700 900123'), pg_temp.expected(), 'D4, D9: and all of it, once that is there again');
SELECT is((SELECT emergency_override <> '' FROM engage.lookup(NULL)), true, 'D4: so it does without a number');
SELECT is((SELECT emergency_override <> '' FROM engage.lookup(repeat('7', 3000000))), true, 'D4: and with a text that is none');

-- ---------------------------------- first day: a number without its quotes

SELECT throws_ok('SELECT * FROM engage.lookup(7700900123)', '22023', NULL, 'first day: lookup of a bigint says what to do');
SELECT throws_ok('SELECT e164 FROM engage.lookup(07700900123)', '22023', NULL, 'first day: with a zero in front');
SELECT throws_ok('SELECT e164 FROM engage.lookup(999)', '22023', NULL, 'first day: of an integer');
SELECT throws_ok('SELECT e164 FROM engage.lookup(7700900123.0)', '22023', NULL, 'first day: of a numeric');
SELECT lives_ok('SELECT * FROM engage.lookup(''07700 900123''::varchar)', 'first day: other types of text are text');

INSERT INTO engage.known_number (number, sharing, label) VALUES ('01632 960018', 'communal', 'Hostel');
INSERT INTO engage.known_number (number, sharing, label) VALUES ('(01632) 960018', 'communal', 'Hostel, Example Road') ON CONFLICT (number) DO UPDATE SET label = excluded.label;
SELECT is((SELECT array_agg(number || ' ' || label) FROM engage.known_number WHERE number LIKE '%960018'), '{"+441632960018 Hostel, Example Road"}',
	'first day: a known number is kept in E.164, however it is written');
SELECT is((SELECT label FROM engage.lookup('01632-960018')), 'Hostel, Example Road', 'first day: and found');
SELECT throws_ok($$INSERT INTO engage.known_number (number, sharing) VALUES ('the hostel', 'communal')$$, '22023', 'the number is not a valid telephone number', 'first day: what is no number is refused');
SELECT throws_ok($$INSERT INTO engage.known_number (number, sharing) VALUES ('07700 90012', 'communal')$$, '22023', NULL, 'first day: so is one with a digit lost');
SELECT throws_ok($$UPDATE engage.known_number SET number = '' WHERE label LIKE 'Hostel%'$$, '22023', NULL, 'first day: and an empty one');

-- ------------------------------------------------------------- M1: NULL

SELECT is((SELECT match FROM engage.identify(number => '07700 900123', min_probability => NULL)),
	(SELECT match FROM engage.identify(number => '07700 900123')), 'M1: min_probability NULL is the default');
SELECT is((SELECT match FROM engage.identify(number => '07700 900123', min_probability => NULL)), 'possible', 'M1: and finds the caller');
SELECT throws_ok(format('SELECT * FROM engage.identify(number => %L, min_probability => %L)', '07700 900123', v), '22023', 'min_probability is not between 0 and 1', 'M1: min_probability ' || v)
FROM unnest('{NaN,2,-1,Infinity,-Infinity,1.0001}'::text[]) v;

-- ------------------------------------------------------------- D11: size

SELECT is(engage.phone_kind(repeat(' ', 2000000) || '07700 900123'), 'malformed', 'D11: text of more than a megabyte is no number');
SELECT is(engage.phone_kind(repeat(' ', 900000) || '07700 900123'), 'mobile', 'D11: blanks around one may be many');
SELECT throws_ok($$SELECT engage.aml('A"ML=1;' || repeat('x=1;', 300000))$$, '22P02', NULL, 'D11: nor an AML message');
SELECT is((SELECT area FROM engage.postcode_parts(repeat('x', 2000000))), NULL, 'D11: nor a postcode');

SELECT * FROM finish();
