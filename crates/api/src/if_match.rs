//! Which version of a definition a request has edited.

use http::{HeaderMap, StatusCode, header};

use crate::problem::Problem;

/// The version of `If-Match`, none for `*`, which is any. A tag that is not one of ours is of no version there is.
pub(crate) fn edited_version(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let mut tags = headers.get_all(header::IF_MATCH).iter();
    let Some(tag) = tags.next() else {
        let detail = "Send the `ETag` of the version that was edited as `If-Match`.";
        return Err(Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition_required", detail));
    };
    let is_one = tags.next().is_none();
    let tag = tag.to_str().unwrap_or_default().trim();
    if tag == "*" && is_one {
        return Ok(None);
    }
    let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).filter(|inner| !inner.contains('"'));
    let (Some(inner), true) = (inner, is_one) else {
        let detail = "`If-Match` must be one `ETag` as it was answered, in its quotes, such as \"3\", or *.";
        return Err(Problem::malformed(detail));
    };
    let version = inner.parse().ok().filter(|version: &u32| version.to_string() == inner);
    version
        .map(Some)
        .ok_or_else(|| Problem::new(StatusCode::PRECONDITION_FAILED, "version_stale", "There is no such version."))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn an_edit_names_the_version_it_began_with() {
        for (tags, expected) in [
            (&["\"3\""][..], Ok(Some(3))),
            (&["*"], Ok(None)),
            (&[], Err(428)),
            (&["3"], Err(400)),
            (&["W/\"3\""], Err(400)),
            (&[""], Err(400)),
            (&["\""], Err(400)),
            (&["\"3\", \"4\""], Err(400)),
            (&["\"3\"", "\"4\""], Err(400)),
            (&["*", "\"4\""], Err(400)),
            (&["\"-3\""], Err(412)),
            (&["\"+3\""], Err(412)),
            (&["\"abc\""], Err(412)),
        ] {
            let mut headers = HeaderMap::new();
            for tag in tags {
                headers.append(header::IF_MATCH, HeaderValue::from_static(tag));
            }
            let found = edited_version(&headers).map_err(|problem| problem.status().as_u16());
            assert_eq!(found, expected, "{tags:?}");
        }
    }
}
