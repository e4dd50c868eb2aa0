-- How alike names, dates and postcodes are, to find the same person in records that differ.

CREATE FUNCTION engage.jaro_winkler(a text, b text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_jaro_winkler'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.jaro_winkler(text, text) IS
'How alike two names are: from 0, no character in common, to 1, the same; two empty texts are the same. NULL if an argument is NULL. Symmetric. Compares the first 256 characters as they are: capitals, accents and punctuation count, so compare engage.name_key of both. Method: Jaro (1989), JASA 84, with a bonus of 0.1 for each of up to four first characters in common, at any similarity: Winkler (1990).';

CREATE FUNCTION engage.damerau_levenshtein(a text, b text) RETURNS integer
	AS 'MODULE_PATHNAME', 'engage_damerau_levenshtein'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.damerau_levenshtein(text, text) IS
'How many insertions, deletions and replacements of a character and swaps of two neighbours turn one text into the other, with no character changed twice (optimal string alignment distance); 0 if they are the same. NULL if an argument is NULL. Symmetric. Capitals, accents and punctuation count. A text of more than 1,000 characters is an error (54000). Method: Damerau (1964), CACM 7; computed with bit vectors (Hyyro 2003).';

CREATE FUNCTION engage.name_key(name text) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_name_key'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.name_key(text) IS
'A name as it is compared: Latin letters in lower case and without accents (e acute is e, sharp s is ss, o slash is o, ash is ae), no apostrophes, one blank in place of other punctuation and blanks between words, none around. Letters of other scripts and digits stay as they are. Reads the first 256 characters. NULL if nothing is left, or the argument is NULL.';

CREATE FUNCTION engage.sound_key(name text) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_sound_key'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.sound_key(text) IS
'How a name sounds, roughly, in up to four letters, for choosing which records to compare: the first letter of engage.name_key and the consonants after it, with letters that sound alike as one (c, k, q; g, j; s, z; f, v, ph) and repeats once; vowels, y, h and w only as a first letter. Reads the first 256 characters. NULL if nothing is left, or the argument is NULL. Made for spelling errors of names in English records; not a published code.';

CREATE FUNCTION engage.date_similarity(a date, b date) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_date_similarity'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.date_similarity(date, date) IS
'What two dates, such as dates of birth, have in common; the first that applies of: same; one digit (as YYYYMMDD, one digit differs, or two neighbouring digits are swapped); day and month swapped; two parts same (of year, month and day); year same; near (the years are 1 apart); different. NULL if an argument is NULL. Symmetric. An infinite date is an error (22008).';

CREATE FUNCTION engage.postcode_parts(postcode text, OUT area text, OUT district text, OUT sector text, OUT unit text)
	AS 'MODULE_PATHNAME', 'engage_postcode_parts'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.postcode_parts(text) IS
'The parts of a postcode of the United Kingdom, each with those before it: area (SW), district (SW1A), sector (SW1A 1), unit (SW1A 1AA). In any case, with blanks, dots and hyphens anywhere. An outward code alone (SW1A) has no sector and unit. All NULL if the text is not a postcode, is longer than 64 characters, or is NULL. Checks the format only, not whether the postcode exists.';
