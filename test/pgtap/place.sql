-- Part of a place is worth part of a place.
--
-- Each test's name begins with the letter of the fault that it stands for.
-- Not in a transaction, since a refresh commits.

SET client_min_messages = warning;
SET timezone = 'UTC';
SELECT * FROM no_plan();

SELECT engage.setup();

CREATE FUNCTION pg_temp.say(ref text, number text, given text, family text, address text DEFAULT NULL, postcode text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO engage.contact (source, source_ref, occurred_at, channel, number_raw, given_name, family_name, address, postcode)
	VALUES ('place', ref, '2025-09-01 10:00', '101_voice', number, given, family, address, postcode)
$$;
CREATE FUNCTION pg_temp.persona(ref text) RETURNS uuid LANGUAGE sql AS $$
	SELECT c.persona_key FROM engage.contact c WHERE c.source_ref = ref
$$;
CREATE FUNCTION pg_temp.who(ref text) RETURNS bigint LANGUAGE sql AS $$
	SELECT p.caller_id FROM engage.persona p WHERE p.persona_key = pg_temp.persona(ref)
$$;

-- ------------------------------------------------------ S5: the given input

SELECT pg_temp.say('a', '07700 900123', 'Sam', 'Marlow', NULL, 'ME14');
SELECT pg_temp.say('b', '07700 900456', 'Sam', 'Marlow', NULL, 'ME14');
SELECT pg_temp.say('c', '07700 900789', 'Ann', 'Vint', 'Maidstone');
SELECT pg_temp.say('d', '07700 900234', 'Ann', 'Vint', 'Maidstone');
CALL engage.refresh();
SELECT is((SELECT count(DISTINCT pg_temp.who(r)) FROM unnest('{a,b,c,d}'::text[]) r), 4::bigint,
	'S5: strangers with a district or a town in common are four callers');

-- -------------------------------------------------- S5: what agreement is worth

-- each pair is two contacts on two numbers, of one name
CREATE TEMP TABLE pair (n integer GENERATED ALWAYS AS IDENTITY, detail text, x text, y text, level text, bits numeric);
INSERT INTO pair (detail, x, y, level, bits) VALUES
	('postcode', 'ME14 1XX', 'me141xx', 'same', 8.64),
	('postcode', 'ME14 1XX', 'ME14 1XY', 'one character differs', 3.91),
	('postcode', 'ME14 1', 'ME14 1', 'same sector', 2.32),
	('postcode', 'ME14-1', 'ME141', 'same sector', 2.32),
	('postcode', 'ME14 1', 'ME14 1XX', 'same sector', 2.32),
	('postcode', 'ME14 1X', 'ME14 1X', 'same sector', 2.32),
	('postcode', 'ME14 1X', 'ME14 1XX', 'same sector', 2.32),
	('postcode', 'ME14 1**', 'ME14 1**', 'same sector', 2.32),
	('postcode', 'SW1 1', 'SW1 1', 'same sector', 2.32),
	('postcode', 'ME14', 'ME14', 'same district', 1.59),
	('postcode', 'me 14', 'ME14 ?', 'same district', 1.59),
	('postcode', 'ME14', 'ME14 1XX', 'same district', 1.59),
	('postcode', 'ME14 1', 'ME14 2', 'same district', 1.59),
	('postcode', 'ME14 1', 'ME14 2XX', 'same district', 1.59),
	('postcode', 'ME14 XXX', 'ME14 XXX', 'same district', 1.59),
	('postcode', 'ME14 Kent', 'Maidstone ME14', 'same district', 1.59),
	('postcode', 'SW1A', 'SW1A 1AA', 'same district', 1.59),
	('postcode', 'M1', 'M1 1AA', 'same district', 1.59),
	('postcode', 'ME', 'ME', 'same area', -0.32),
	('postcode', 'ME', 'ME14 1XX', 'same area', -0.32),
	('postcode', 'ME14', 'ME15', 'same area', -0.32),
	('postcode', 'ME14', 'ME15 1XX', 'same area', -0.32),
	('postcode', 'SW1 1', 'SW11 1AA', 'same area', -0.32),
	('postcode', 'M1', 'ME14 1XX', 'different', -4.22),
	('postcode', 'ME14', 'CT1 1AA', 'different', -4.22),
	('postcode', 'Kent', 'Kent', 'missing', 0),
	('postcode', 'Maidstone', 'Maidstone', 'missing', 0),
	('postcode', '12 High Street', '12 High Street', 'missing', 0),
	('postcode', 'no postcode', 'no postcode', 'missing', 0),
	('postcode', '0', '0', 'missing', 0),
	('address', '12 High Street', '12 HIGH STREET', 'same', 8.41),
	('address', '1 The Street, Bearsted', '1 The Street, Bearsted', 'same', 8.41),
	('address', 'Rose Cottage, Mill Lane', 'Rose Cottage, Mill Lane', 'same', 8.41),
	('address', 'Flat 3, Acorn House', 'Flat 3, Acorn House', 'same', 8.41),
	('address', '12 Maidstone Road', '12 Maidstone Road', 'same', 8.41),
	('address', 'Acorn Lane', 'Acorn Lane', 'a word in common', 0.59),
	('address', 'Acorn Lane', '12 Acorn Lane', 'a word in common', 0.59),
	('address', 'Bearsted', 'Bearsted', 'a word in common', 0.59),
	('address', 'Bearsted', '7 Acorn Lane, Bearsted', 'a word in common', 0.59),
	('address', 'Rose Cottage', 'Rose Cottage', 'a word in common', 0.59),
	('address', 'Police Station, Palace Avenue', 'Police Station, Palace Avenue', 'a word in common', 0.59),
	('address', 'Bearsted', '12 High Street', 'somewhat alike', 0),
	('address', 'Acorn Lane', '12 Willow Close', 'different', -4.27);
INSERT INTO pair (detail, x, y, level, bits)
SELECT 'address', t, t, 'missing', 0 FROM unnest('{Kent,UK,High Street,Flat,Tesco,A229,Maidstone,"Maidstone, Kent",England,United Kingdom,
	London,Isle of Wight,The Street,Station Road,Mill Lane,London Road,Flat 3,3rd floor,12,12 Kent,M20,"M20 J8",B2010,Junction 7 M20,Town centre,
	Car park,Bus stop 12,Town Hall,"Ward 3, Maidstone Hospital",Premier Inn,24 hour Tesco,"Tesco, High Street",Sainsbury''s,McDonald''s,PO Box 123,
	2 miles from Maidstone,home,pub,No Fixed Abode,07700 900123}'::text[]) t;

SELECT count(pg_temp.say(n || side, CASE side WHEN 'x' THEN '07700 900' ELSE '01632 960' END || lpad((300 + n)::text, 3, '0'),
	-- names that have nothing in common with each other's
	translate(left(md5('given' || n), 12), '0123456789', 'ghijklmnop'), translate(left(md5('family' || n), 12), '0123456789', 'qrstuvwxyz'),
	CASE WHEN detail = 'address' THEN CASE side WHEN 'x' THEN x ELSE y END END,
	CASE WHEN detail = 'postcode' THEN CASE side WHEN 'x' THEN x ELSE y END END)) FROM pair, unnest('{x,y}'::text[]) side;
CALL engage.refresh();
SELECT is(COALESCE((SELECT w.level || ' ' || round(w.weight::numeric, 2)
		FROM engage.compare_personas(engage.current_linkage_model(), pg_temp.persona(n || 'x'), pg_temp.persona(n || 'y')) w WHERE w.detail = p.detail), 'missing 0.00'),
	p.level || ' ' || round(p.bits, 2), format('S5: %s %s against %s: %s', p.detail, p.x, p.y, p.level))
FROM pair p ORDER BY n;

-- ------------------------------------- S5: who is joined, told and looked for

-- a postcode that is whole and an address that is whole join those of one name, as before
SELECT is(pg_temp.who(n || 'x') = pg_temp.who(n || 'y'), level = 'same', format('S5: %s %s against %s joins only a whole one', detail, x, y))
FROM pair ORDER BY n;

-- a name and a part of a place, from a number that was withheld, tell no caller
SELECT pg_temp.say('withheld ' || t, NULL, 'Orla', NULL, t, NULL) FROM unnest('{Maidstone,Acorn Lane,High Street}'::text[]) t;
SELECT pg_temp.say('withheld ' || t, NULL, 'Orla', NULL, NULL, t) FROM unnest('{ME14,ME14 1,ME}'::text[]) t;
SELECT pg_temp.say('withheld whole', NULL, 'Orla', NULL, NULL, 'ME14 1XX');
CALL engage.refresh();
SELECT is(pg_temp.who('withheld ' || t), NULL, format('S5: a given name and %s tell no caller', t))
FROM unnest('{Maidstone,Acorn Lane,High Street,ME14,ME14 1,ME}'::text[]) t;
SELECT isnt(pg_temp.who('withheld whole'), NULL, 'S5: a given name and a whole postcode do');

-- blocks: a part brings nobody together with a whole, nor with the same part
CREATE FUNCTION pg_temp.blocks(address text, postcode text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM engage_internal.persona_blocks(engage.current_linkage_model(), ARRAY(SELECT c.persona_key FROM engage.contact c
		WHERE c.source_ref LIKE 'block%' AND c.address IS NOT DISTINCT FROM $1 AND c.postcode IS NOT DISTINCT FROM $2)) b
$$;
SELECT pg_temp.say('block ' || t, NULL, 'Orla', NULL, t, NULL) FROM unnest('{Maidstone,Acorn Lane,12 Acorn Lane}'::text[]) t;
SELECT pg_temp.say('block ' || t, NULL, 'Orla', NULL, NULL, t) FROM unnest('{ME14,ME14 1,ME,ME14 1XX}'::text[]) t;
CALL engage.refresh();
SELECT is(pg_temp.blocks(t, NULL), CASE WHEN t ~ '12' THEN 2::bigint ELSE 0 END, format('S5: blocks that %s makes', t))
FROM unnest('{Maidstone,Acorn Lane,12 Acorn Lane}'::text[]) t;
SELECT is(pg_temp.blocks(NULL, t), CASE WHEN t ~ 'XX' THEN 1::bigint ELSE 0 END, format('S5: blocks that %s makes', t))
FROM unnest('{ME14,ME14 1,ME,ME14 1XX}'::text[]) t;

-- a town is a whole answer to another question
SELECT engage.name_identity_details('{"place_of_birth": "text", "works_at": "address"}');
INSERT INTO engage.contact (source, source_ref, occurred_at, channel, given_name, number_raw, details)
SELECT 'place', 'born ' || g, '2025-09-01 10:00', '101_voice', 'Una', '07700 90099' || g, '{"place_of_birth": "Maidstone", "works_at": "Maidstone"}'
FROM generate_series(1, 2) g;
CALL engage.refresh();
SELECT is((SELECT string_agg(w.detail || ' ' || w.level, ', ' ORDER BY w.detail COLLATE "C")
	FROM engage.compare_personas(engage.current_linkage_model(), pg_temp.persona('born 1'), pg_temp.persona('born 2')) w WHERE w.detail LIKE 'details.%'),
	'details.place_of_birth same', 'S5: a town is a place of birth, and no address');

SELECT is((SELECT count(*) FROM engage.verify()), 0::bigint, 'S5: everything is what it is computed anew');
SELECT * FROM finish();
