//! Lines of an order by what they are, as requests bring lists of them and answers show them.

use domain::scope::{Listing, Names, Scope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The lines that a coupon is for: what is included and not excluded.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = LineScope)]
pub(crate) struct ScopeBody {
    /// Lines that any of these lists names; without any, every line.
    include: ListingBody,
    /// Lines that are out, whatever includes them.
    exclude: ListingBody,
}

/// Lines by what they are. Whichever list names a line, it is named.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Listing)]
pub(crate) struct ListingBody {
    products: Vec<String>,
    skus: Vec<String>,
    /// With all that is below: `fashion` names `fashion/shoes` too.
    #[schema(example = json!(["fashion/shoes"]))]
    categories: Vec<String>,
    merchants: Vec<String>,
    /// Names of collections, each of which lists lines.
    #[schema(max_items = 20)]
    pub collections: Vec<String>,
}

impl ScopeBody {
    /// Its lists, by pointer.
    pub(crate) fn lists(&self) -> [(&'static str, &ListingBody); 2] {
        [("/include", &self.include), ("/exclude", &self.exclude)]
    }
}

impl From<ScopeBody> for Scope {
    fn from(ScopeBody { include, exclude }: ScopeBody) -> Self {
        Self { include: include.into(), exclude: exclude.into() }
    }
}

impl From<&Scope> for ScopeBody {
    fn from(Scope { include, exclude }: &Scope) -> Self {
        Self { include: include.into(), exclude: exclude.into() }
    }
}

impl From<ListingBody> for Listing {
    fn from(ListingBody { products, skus, categories, merchants, collections }: ListingBody) -> Self {
        let names = |texts: Vec<String>| texts.into_iter().collect::<Names>();
        Self {
            products: names(products),
            skus: names(skus),
            categories: names(categories),
            merchants: names(merchants),
            collections: names(collections),
        }
    }
}

impl From<&Listing> for ListingBody {
    fn from(Listing { products, skus, categories, merchants, collections }: &Listing) -> Self {
        let texts = |names: &Names| names.sorted().into_iter().map(str::to_owned).collect();
        Self {
            products: texts(products),
            skus: texts(skus),
            categories: texts(categories),
            merchants: texts(merchants),
            collections: texts(collections),
        }
    }
}
