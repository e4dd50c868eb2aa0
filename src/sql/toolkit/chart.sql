/*
 * Timelines as text pictures, for people in psql.
 */

CREATE FUNCTION engage.sparkline(t engage.timeline, buckets integer DEFAULT 40,
		from_at timestamptz DEFAULT '-infinity', to_at timestamptz DEFAULT 'infinity') RETURNS text
	AS 'MODULE_PATHNAME', 'engage_sparkline' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.sparkline(engage.timeline, integer, timestamptz, timestamptz) IS
	'One character per bucket of equal duration, its height the contacts in it relative to the fullest bucket; a dot for none. From the first to the last contact unless from_at and to_at (not included) say otherwise. 1 to 1000 buckets. An error (22023) if to_at is not later than from_at.';

CREATE FUNCTION engage.heatmap(t engage.timeline, zone text) RETURNS text
	AS 'MODULE_PATHNAME', 'engage_heatmap' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.heatmap(engage.timeline, text) IS
	'Seven lines of 24 local hours of the named time zone, each shaded by its contacts relative to the busiest hour, with the total of each weekday.';
