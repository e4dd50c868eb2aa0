/*
 * What a caller's contacts say about future ones.
 */

CREATE FUNCTION engage.demand_measures(t engage.timeline, as_of timestamptz, criteria engage.criterion[], model engage.demand_model, horizon interval,
		OUT measures double precision[], OUT expected_contacts double precision, OUT probability_active double precision)
	AS 'MODULE_PATHNAME', 'engage_demand_measures' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION engage.demand_measures(engage.timeline, timestamptz, engage.criterion[], engage.demand_model, interval) IS
	'What the contacts up to as_of say about those within the horizon after it, as nine measures for a regression (docs/reference/demand_measures.md); also the contacts expected by the demand model, and the probability that the caller has not stopped. What needs a model is NULL without one, and without a contact up to as_of. NULL if anything but the model is NULL. Errors: 22023 for a horizon that is not positive or has months, and for a model made from summaries; 22008 for an infinite as_of.';
