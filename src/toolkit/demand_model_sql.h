/*-------------------------------------------------------------------------
 * demand_model_sql.h
 *	  Demand models as datums.
 *-------------------------------------------------------------------------
 */
#ifndef DEMAND_MODEL_SQL_H
#define DEMAND_MODEL_SQL_H

#include "access/htup.h"

#include "core/stats/demand_model.h"

extern void demand_model_from_datum(HeapTupleHeader header, DemandModel *model);

#endif /* DEMAND_MODEL_SQL_H */
