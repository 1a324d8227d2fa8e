/** Kept in `numeric`, because the model's self-test uses it too and a model may not know the metrics. */
export { type AucEstimate, rocAuc } from '../numeric/auc.ts';
