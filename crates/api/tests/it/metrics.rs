use api::extract::with_fallbacks;
use api::metrics::{Observer, RequestId};
use axum::middleware::{Next, from_fn};
use axum::routing::get;
use axum::{Extension, Router};
use metrics_exporter_prometheus::PrometheusBuilder;
use uuid::Uuid;

use crate::wire::{Answer, ask};

fn router() -> Router {
    let own_id =
        |Extension(RequestId(id)): Extension<RequestId>| async move { id.to_str().expect("ids are plain").to_owned() };
    let routes = Router::new().route("/codes/{code}", get(|| async {})).route("/id", get(own_id));
    let observer = Observer::new(|| Uuid::from_u128(7));
    with_fallbacks(routes).layer(from_fn(move |mut request, next: Next| {
        let observer = observer.clone();
        async move {
            let begun = observer.begin(&mut request);
            let mut response = next.run(request).await;
            observer.end(begun, &mut response);
            response
        }
    }))
}

async fn ask_with_id(id: &str) -> Answer {
    ask(router(), &format!("GET /id HTTP/1.1\r\nhost: a\r\nx-request-id: {id}\r\n\r\n")).await
}

#[tokio::test]
async fn a_plain_request_id_is_kept_and_any_other_is_replaced() {
    let made = Uuid::from_u128(7).to_string();
    let long = "a".repeat(65);
    for (given, expected) in [("a-1_b.2", "a-1_b.2"), ("a b", &made), ("", &made), (&long, &made)] {
        let answer = ask_with_id(given).await;
        assert_eq!(answer.header("x-request-id"), Some(expected), "{given}");
        assert_eq!(answer.body, expected, "{given}");
    }
}

/// One test, as the recorder is the process's own.
#[tokio::test]
async fn requests_are_counted_by_the_template_of_their_route_and_by_known_methods() {
    let recorder = PrometheusBuilder::new().install_recorder().expect("it is the first of this process");
    for request in ["GET /codes/SAVE10", "GET /codes/secret?name=anna", "BREW /codes/a", "GET /elsewhere/anna"] {
        ask(router(), &format!("{request} HTTP/1.1\r\nhost: a\r\n\r\n")).await;
    }
    let rendered = recorder.render();
    for counted in [
        r#"http_requests_total{method="GET",route="/codes/{code}",status="200"} 2"#,
        r#"http_requests_total{method="other",route="/codes/{code}",status="405"} 1"#,
        r#"http_requests_total{method="GET",route="none",status="404"} 1"#,
    ] {
        assert!(rendered.contains(counted), "{counted}\n{rendered}");
    }
    assert!(rendered.contains("http_request_duration_seconds"), "{rendered}");
    assert!(!rendered.contains("anna") && !rendered.contains("SAVE10"), "{rendered}");
}
