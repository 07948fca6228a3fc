//! What conditions of coupons may ask for: the published catalogue, with the attributes that the tenant has declared.

use axum::extract::State;
use domain::rule::{Catalogue, CatalogueField, Kind, Operator};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::page::List;
use crate::reply::{Answered, Reply};
use crate::schemas;

/// A field that a condition may ask for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConditionField {
    /// What conditions call it.
    #[schema(example = "order.subtotal")]
    name: String,
    /// What sort of value it has.
    #[schema(value_type = schemas::FieldKind)]
    kind: Kind,
    /// What it is.
    about: &'static str,
    /// Whether an order may come without it: then it compares with nothing.
    optional: bool,
    /// The only texts it has; empty where they are not known.
    choices: &'static [&'static str],
    /// How it may be compared.
    #[schema(value_type = Vec<schemas::Operator>)]
    operators: &'static [Operator],
}

impl From<&CatalogueField> for ConditionField {
    fn from(field: &CatalogueField) -> Self {
        Self {
            name: field.name.clone().into_owned(),
            kind: field.kind,
            about: field.about,
            optional: field.optional,
            choices: field.choices,
            operators: field.operators(),
        }
    }
}

/// List what conditions may ask for
///
/// Those that every tenant has, then the attributes that this one has declared.
#[utoipa::path(get, path = "/v1/condition-fields", tag = "coupons",
    responses((status = 200, description = "All of them", body = List<ConditionField>)))]
pub(crate) async fn list_condition_fields(State(app): State<App>, caller: Caller) -> Answered<List<ConditionField>> {
    let settings = app.store.settings(caller.tenant).await?;
    let catalogue = Catalogue::new(&settings.attributes).map_err(|_| unexpected())?;
    Ok(Reply::ok(List::page(catalogue.fields().iter().map(ConditionField::from).collect(), None)))
}
