/*
 * When and how steadily somebody calls: accessors of timelines.
 */

CREATE FUNCTION engage.daily_counts(t engage.timeline, zone text, OUT day date, OUT contacts bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_daily_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION engage.daily_counts(engage.timeline, text) IS
	'Contacts a local day of the named time zone; days without contacts have no row. An unknown zone is refused (22023).';

CREATE FUNCTION engage.hour_of_week(t engage.timeline, zone text) RETURNS integer[]
	AS 'MODULE_PATHNAME', 'engage_hour_of_week' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.hour_of_week(engage.timeline, text) IS
	'168 counts by local hour of the week: element 1 is Monday 00:00 to 00:59, element 168 Sunday 23:00 to 23:59.';

CREATE FUNCTION engage.decayed_count(t engage.timeline, half_life interval, as_of timestamptz) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_decayed_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.decayed_count(engage.timeline, interval, timestamptz) IS
	'The sum of 2 ^ -(age / half_life) over the contacts up to as_of: a contact now weighs 1, one a half-life ago 0.5. Later contacts do not count.';

CREATE FUNCTION engage.burstiness(t engage.timeline) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_burstiness' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.burstiness(engage.timeline) IS
	'-1 for contacts as regular as a clock, 0 for random ones, towards 1 for bursts; NULL for fewer than three contacts or when all are at one instant. Method: Goh and Barabasi 2008 (EPL 81, 48002) with the finite-size correction of Kim and Jo 2016 (Physical Review E 94, 032311).';
