/*-------------------------------------------------------------------------
 * demand_model_sql.h
 *	  Demand models as datums.
 *-------------------------------------------------------------------------
 */
#ifndef DEMAND_MODEL_SQL_H
#define DEMAND_MODEL_SQL_H

#include "access/htup.h"
#include "fmgr.h"

#include "core/stats/demand_model.h"

extern void demand_model_from_datum(HeapTupleHeader header, DemandModel *model);
extern const DemandModel *demand_model_argument(FunctionCallInfo fcinfo, int n);
extern const DemandModel *demand_timeline_model(FunctionCallInfo fcinfo, int n);
extern bool demand_summary_of_timeline(struct varlena *stored, int64 as_of, int64 occasion, DemandSummary *summary);

#endif /* DEMAND_MODEL_SQL_H */
