/*-------------------------------------------------------------------------
 * linkage_model.h
 *	  A linkage model as jsonb, as tables keep it.
 *-------------------------------------------------------------------------
 */
#ifndef LINKAGE_MODEL_H
#define LINKAGE_MODEL_H

#include "utils/jsonb.h"

#include "core/identity/linkage.h"
#include "core/identity/linkage_train.h"

extern LinkModel *linkage_model_read(Jsonb *json);
extern Datum linkage_model_write(const LinkModel *model);
extern Datum linkage_training_write(const LinkModel *model, const LinkTraining *training, uint32 personas);

#endif /* LINKAGE_MODEL_H */
