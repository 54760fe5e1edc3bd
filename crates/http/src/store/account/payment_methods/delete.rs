//! `DELETE /api/account/payment-methods/{payment_method}`.

use axum::response::Response;
use tradepost_app::idempotency::body_hash;
use tradepost_app::payment::method::forget_payment_method;
use tradepost_domain::kernel::ids::SavedPaymentMethodId;

use crate::document::CustomerWriteProblems;
use crate::extract::{Customer, Path, WriteRequest};
use crate::problem::Problem;

/// Forgets one of the payment methods that the customer keeps, here at once and soon at the provider.
#[utoipa::path(
    delete,
    path = "/api/account/payment-methods/{payment_method}",
    operation_id = "delete_payment_method",
    tag = "account",
    params(("payment_method" = String, Path, description = "Id of the saved payment method"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat of the request give the same answer")),
    responses((status = 204, description = "The payment method is forgotten"), CustomerWriteProblems),
    security(("access_token" = []))
)]
pub async fn handler(
    customer: Customer,
    Path(id): Path<SavedPaymentMethodId>,
    request: WriteRequest,
) -> Result<Response, Problem> {
    let owner = customer.id;
    let run = |context| async move { Ok(forget_payment_method(&context, owner, id).await?) };
    customer.write(request, body_hash(b""), run).await
}
