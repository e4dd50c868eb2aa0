/*
 * Dates and times as people write them.
 */

CREATE FUNCTION engage.local_instants(written text, format text, zone text) RETURNS timestamptz[]
	AS 'MODULE_PATHNAME', 'engage_local_instants' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.local_instants(text, text, text) IS
	'The points in time that a local date and time means: one; two, the earlier first, in the hour that the clocks show twice; none ({}) in the hour that they skip. NULL if the text is not such a date, and for NULL. The format consists of DD, MM, MON, YYYY, YY, DY, HH24, HH12 with AM, MI, SS, MS, TZ, or is ISO, EXCEL or EPOCH, and is followed to the letter: nothing is guessed. An error (22023) for an invalid format or zone.';

CREATE FUNCTION engage.local_instants(written text, formats text[], zone text) RETURNS timestamptz[]
	AS 'MODULE_PATHNAME', 'engage_local_instants' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.local_instants(text, text[], text) IS 'local_instants() with several formats; the first one that fits is used.';

CREATE FUNCTION engage.read_local_time(written text, format text, zone text,
		OUT at timestamptz, OUT second_at timestamptz, OUT problem text)
	AS 'MODULE_PATHNAME', 'engage_read_local_time' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.read_local_time(text, text, text) IS
	'What local_instants() reads, for a statement that loads a file: at, the first or only reading; second_at, the other reading in the hour that the clocks show twice; problem, why there is none, without repeating the text. NULLs for NULL. Errors (22023) for an invalid format or zone.';

CREATE FUNCTION engage.read_local_time(written text, formats text[], zone text,
		OUT at timestamptz, OUT second_at timestamptz, OUT problem text)
	AS 'MODULE_PATHNAME', 'engage_read_local_time' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.read_local_time(text, text[], text) IS 'read_local_time() with several formats; the first one that fits is used.';

CREATE FUNCTION engage.read_date(written text, format text, OUT day date, OUT problem text)
	AS 'MODULE_PATHNAME', 'engage_read_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.read_date(text, text) IS
	'The day that a text means, read as by read_local_time(), or why there is none. A time of day in the format is read and ignored.';

CREATE FUNCTION engage.read_date(written text, formats text[], OUT day date, OUT problem text)
	AS 'MODULE_PATHNAME', 'engage_read_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.read_date(text, text[]) IS 'read_date() with several formats; the first one that fits is used.';
