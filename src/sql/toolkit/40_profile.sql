/*
 * When and how steadily somebody calls: accessors of timelines.
 */

CREATE FUNCTION engage.daily_counts(t engage.timeline, zone text, OUT day date, OUT contacts bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_daily_counts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10;
COMMENT ON FUNCTION engage.daily_counts(engage.timeline, text) IS
	'Contacts per local day of the named time zone; days without contacts have no row. An unknown zone is refused (22023).';

CREATE FUNCTION engage.hour_of_week(t engage.timeline, zone text) RETURNS integer[]
	AS 'MODULE_PATHNAME', 'engage_hour_of_week' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.hour_of_week(engage.timeline, text) IS
	'168 counts by local hour of the week: element 1 is Monday 00:00 to 00:59, element 168 Sunday 23:00 to 23:59.';

CREATE FUNCTION engage.decayed_count(t engage.timeline, half_life interval, as_of timestamptz) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_decayed_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.decayed_count(engage.timeline, interval, timestamptz) IS
	'The sum of 2 ^ -(age / half_life) over the contacts up to as_of: a contact now weighs 1, one a half-life ago 0.5. Later contacts, and those more than 160 half-lives ago, do not count. A half-life that is not positive or has months: 22023; an infinite as_of: 22008.';

CREATE FUNCTION engage.aged_count(value double precision, value_at timestamptz, half_life interval, as_of timestamptz)
	RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_aged_count' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.aged_count(double precision, timestamptz, interval, timestamptz) IS
	'The value at as_of of a decayed count that was read at value_at: value * 2 ^ -((as_of - value_at) / half_life). To merge two counts with the same half-life, age the earlier to the time of the later and add them. A value that is negative, infinite or NaN, an as_of before value_at, a half-life that is not positive or has months: 22023; an infinite time: 22008.';

CREATE FUNCTION engage_internal.decayed_count_transfn(internal, timestamptz, interval, timestamptz) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_decayed_count_transfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.decayed_count_transfn(internal, timestamptz, interval, timestamptz) IS 'Transition of decayed_count_agg().';

CREATE FUNCTION engage_internal.decayed_count_combinefn(internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_decayed_count_combinefn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.decayed_count_combinefn(internal, internal) IS 'Combines partial states of decayed_count_agg().';

CREATE FUNCTION engage_internal.decayed_count_serialfn(internal) RETURNS bytea
	AS 'MODULE_PATHNAME', 'engage_decayed_count_serialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.decayed_count_serialfn(internal) IS 'Serializes a partial state of decayed_count_agg().';

CREATE FUNCTION engage_internal.decayed_count_deserialfn(bytea, internal) RETURNS internal
	AS 'MODULE_PATHNAME', 'engage_decayed_count_deserialfn' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.decayed_count_deserialfn(bytea, internal) IS 'Reads a partial state of decayed_count_agg().';

CREATE FUNCTION engage_internal.decayed_count_finalfn(internal) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_decayed_count_finalfn' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage_internal.decayed_count_finalfn(internal) IS 'Result of decayed_count_agg().';

CREATE AGGREGATE engage.decayed_count_agg(at timestamptz, half_life interval, as_of timestamptz) (
	SFUNC = engage_internal.decayed_count_transfn, STYPE = internal, SSPACE = 64,
	COMBINEFUNC = engage_internal.decayed_count_combinefn,
	SERIALFUNC = engage_internal.decayed_count_serialfn, DESERIALFUNC = engage_internal.decayed_count_deserialfn,
	FINALFUNC = engage_internal.decayed_count_finalfn, PARALLEL = SAFE
);
COMMENT ON AGGREGATE engage.decayed_count_agg(timestamptz, interval, timestamptz) IS
	'decayed_count() of times in rows, identical to the last bit for every order and split of the rows. Rows with a NULL are skipped, no rows give NULL. A half-life or as_of that differs between rows, a half-life that is not positive or has months: 22023; an infinite time: 22008.';

CREATE FUNCTION engage.burstiness(t engage.timeline) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_burstiness' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.burstiness(engage.timeline) IS
	'-1 for contacts as regular as a clock, 0 for random ones, towards 1 for bursts: the column corrected of gap_profile(). It describes; do not act on it alone. NULL for fewer than three contacts or if all are at the same time. Method: Goh and Barabasi 2008 (EPL 81, 48002) with the finite-size correction of Kim and Jo 2016 (Physical Review E 94, 032311).';

CREATE FUNCTION engage.gap_profile(t engage.timeline,
		OUT gaps bigint, OUT mean_gap interval, OUT variation double precision, OUT burstiness double precision,
		OUT corrected double precision, OUT memory double precision, OUT longest_gap interval)
	AS 'MODULE_PATHNAME', 'engage_gap_profile' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.gap_profile(engage.timeline) IS
	'The gaps between contacts: number, mean, r = standard deviation / mean, B = (r - 1) / (r + 1) of Goh and Barabasi 2008 (EPL 81, 48002), B corrected for few gaps by Kim and Jo 2016 (Physical Review E 94, 032311), the correlation of a gap with the next, and the longest. NULLs: durations without a gap; r and both B with fewer than two gaps, or if all contacts are at the same time; memory with fewer than three, or if the gaps without the first or without the last are all equal.';
