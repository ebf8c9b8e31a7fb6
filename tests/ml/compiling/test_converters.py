"""Every converter gives what the native estimator gives, on its rows and on rows with gaps where it takes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import (
    calibration,
    cluster,
    compose,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_selection,
    impute,
    linear_model,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    svm,
    tree,
)

from mlregistry.ml.compiling import compiler, converting
from mlregistry.ml.compiling.building import build
from mlregistry.ml.compiling.forms import Array, Refused, Unsupported
from mlregistry.ml.compiling.parity import Native
from mlregistry.ml.compiling.scoring import CompiledModel
from mlregistry.ml.signature import Signature, infer

RNG = np.random.default_rng(3)
X = np.abs(RNG.normal(size=(120, 4))) + 0.05
SCORE = X[:, 0] + X[:, 1] ** 2 - X[:, 2] + 0.2 * RNG.normal(size=120)
TWO, THREE = np.digitize(SCORE, [1.0]), np.digitize(SCORE, [0.5, 1.5])
WITH_GAPS = np.where(RNG.random(X.shape) < 0.1, np.nan, X)

LOGISTIC = linear_model.LogisticRegression()
CLASSIFIERS: list[Any] = [
    LOGISTIC,
    linear_model.SGDClassifier(loss="log_loss"),
    linear_model.SGDClassifier(loss="modified_huber"),
    discriminant_analysis.LinearDiscriminantAnalysis(),
    discriminant_analysis.QuadraticDiscriminantAnalysis(),
    naive_bayes.GaussianNB(),
    naive_bayes.MultinomialNB(),
    naive_bayes.ComplementNB(),
    naive_bayes.BernoulliNB(binarize=0.8),
    neural_network.MLPClassifier((5, 4), max_iter=30),
    neural_network.MLPClassifier((5,), activation="logistic", max_iter=30),
    tree.DecisionTreeClassifier(),
    tree.ExtraTreeClassifier(),
    ensemble.RandomForestClassifier(9),
    ensemble.ExtraTreesClassifier(9),
    ensemble.GradientBoostingClassifier(n_estimators=7),
    ensemble.GradientBoostingClassifier(n_estimators=4, init="zero"),
    ensemble.AdaBoostClassifier(n_estimators=6),
    ensemble.HistGradientBoostingClassifier(max_iter=7),
    ensemble.BaggingClassifier(n_estimators=4, max_features=0.5),
    ensemble.VotingClassifier(
        [("a", LOGISTIC), ("b", tree.DecisionTreeClassifier())], voting="soft", weights=[1, 2]
    ),
    ensemble.StackingClassifier(
        [("a", LOGISTIC), ("b", tree.DecisionTreeClassifier(max_depth=2))], passthrough=True
    ),
    calibration.CalibratedClassifierCV(LOGISTIC, cv=2),
    multiclass.OneVsRestClassifier(LOGISTIC),
    calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), method="isotonic", cv=2),
    calibration.CalibratedClassifierCV(svm.SVC(kernel="poly"), cv=2, ensemble=False),
    calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2),
    dummy.DummyClassifier(),
    pipeline.make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(3, whiten=True), LOGISTIC),
]
REGRESSORS: list[Any] = [
    linear_model.LinearRegression(),
    linear_model.Lasso(0.01),
    linear_model.PoissonRegressor(),
    linear_model.TweedieRegressor(power=0),
    svm.SVR(),
    svm.SVR(kernel="sigmoid"),
    svm.LinearSVR(),
    neural_network.MLPRegressor(hidden_layer_sizes=(6,), activation="tanh", max_iter=30),
    ensemble.RandomForestRegressor(9, criterion="poisson"),
    ensemble.GradientBoostingRegressor(n_estimators=7, loss="huber"),
    ensemble.HistGradientBoostingRegressor(max_iter=7, loss="poisson"),
    ensemble.AdaBoostRegressor(n_estimators=6),
    neighbors.KNeighborsRegressor(3),
    neighbors.KNeighborsRegressor(2, p=1, weights="distance", algorithm="kd_tree"),
    compose.TransformedTargetRegressor(linear_model.Ridge(), transformer=preprocessing.StandardScaler()),
    compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log1p, inverse_func=np.expm1),
    ensemble.VotingRegressor([("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor())]),
    dummy.DummyRegressor(),
    ensemble.StackingRegressor([("a", linear_model.Ridge()), ("b", tree.DecisionTreeRegressor(max_depth=2))]),
]
TRANSFORMERS: list[Any] = [
    preprocessing.StandardScaler(),
    preprocessing.MinMaxScaler(clip=True),
    preprocessing.MaxAbsScaler(),
    preprocessing.RobustScaler(),
    preprocessing.PowerTransformer(),
    preprocessing.PowerTransformer("box-cox"),
    preprocessing.Normalizer("l1"),
    preprocessing.QuantileTransformer(n_quantiles=20),
    preprocessing.QuantileTransformer(n_quantiles=20, output_distribution="normal"),
    preprocessing.PolynomialFeatures(3),
    preprocessing.PolynomialFeatures(2, interaction_only=True, include_bias=False),
    preprocessing.KBinsDiscretizer(3, encode="ordinal", quantile_method="averaged_inverted_cdf"),
    preprocessing.KBinsDiscretizer(3, encode="onehot-dense", strategy="uniform"),
    preprocessing.Binarizer(threshold=0.5),
    preprocessing.FunctionTransformer(np.log1p),
    decomposition.PCA(2),
    decomposition.TruncatedSVD(2),
    decomposition.FactorAnalysis(2),
    decomposition.FastICA(2, max_iter=500),
    discriminant_analysis.LinearDiscriminantAnalysis(),
    feature_selection.SelectKBest(k=2),
    feature_selection.VarianceThreshold(),
    pipeline.make_union(preprocessing.StandardScaler(), preprocessing.MinMaxScaler()),
]
WITH_GAPS_TOO: list[Any] = [
    impute.SimpleImputer(),
    impute.SimpleImputer(strategy="median", add_indicator=True),
    impute.MissingIndicator(),
    preprocessing.StandardScaler(),
    preprocessing.QuantileTransformer(n_quantiles=20),
    preprocessing.PowerTransformer(),
]


def name_of(estimator: Any) -> str:
    return type(estimator).__name__


def same(native: Any, compiled: Array, tolerance: float = 1e-9) -> None:
    wanted = np.asarray(native, dtype=np.float64).reshape(len(compiled), -1)
    np.testing.assert_allclose(compiled, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("target", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=name_of)
def test_probabilities(estimator: Any, target: Array) -> None:
    estimator.fit(X, target)
    run = build(compiler.form_of(estimator, converting.PROBABILITIES))
    same(estimator.predict_proba(X), run(X))
    same(estimator.predict_proba(X[:1]), run(X[:1]))


@pytest.mark.parametrize("estimator", REGRESSORS, ids=name_of)
def test_values(estimator: Any) -> None:
    estimator.fit(X, np.abs(SCORE) + 0.1)
    run = build(compiler.form_of(estimator, converting.VALUES))
    rows = X + 0.001 if "Neighbors" in name_of(estimator) else X
    same(estimator.predict(rows), run(rows))
    same(estimator.predict(rows[:1]), run(rows[:1]))


@pytest.mark.parametrize("estimator", TRANSFORMERS, ids=name_of)
def test_transformed(estimator: Any) -> None:
    estimator.fit(X, TWO)
    same(estimator.transform(X), build(compiler.form_of(estimator, converting.TRANSFORM))(X))


@pytest.mark.parametrize("estimator", WITH_GAPS_TOO, ids=name_of)
def test_transformed_with_gaps(estimator: Any) -> None:
    estimator.fit(WITH_GAPS)
    same(estimator.transform(WITH_GAPS), build(compiler.form_of(estimator, converting.TRANSFORM))(WITH_GAPS))


@pytest.mark.parametrize(
    "estimator",
    [
        tree.DecisionTreeClassifier(),
        ensemble.RandomForestClassifier(8),
        ensemble.HistGradientBoostingClassifier(max_iter=6),
    ],
    ids=name_of,
)
@pytest.mark.parametrize("fitted_on", [X, WITH_GAPS], ids=["whole", "gaps"])
def test_trees_send_gaps_where_the_native_ones_do(estimator: Any, fitted_on: Array) -> None:
    estimator.fit(fitted_on, THREE)
    run = build(compiler.form_of(estimator, converting.PROBABILITIES))
    assert np.array_equal(run(WITH_GAPS), estimator.predict_proba(WITH_GAPS))


def test_categories_of_boosted_trees_go_where_the_native_ones_do() -> None:
    codes = RNG.integers(0, 12, (200, 2)).astype(float)
    rows = np.column_stack([codes, RNG.normal(size=200)])
    target = (codes[:, 0] % 3 == 1) ^ (codes[:, 1] > 6)
    estimator = ensemble.HistGradientBoostingClassifier(
        max_iter=8, categorical_features=[0, 1], min_samples_leaf=4
    )
    estimator.fit(rows[:180], target[:180])
    run = build(compiler.form_of(estimator, converting.PROBABILITIES))
    odd = np.array([[50.0, 3.0, 0.1], [np.nan, 2.0, 0.0], [-1.0, 300.0, np.nan], [1.5, 2.0, np.inf]])
    for part in (rows, odd, odd[:1]):
        assert np.array_equal(run(part), estimator.predict_proba(part))


def test_isolation_forests_and_k_means() -> None:
    forest = ensemble.IsolationForest(n_estimators=12, max_features=0.5, random_state=0).fit(X)
    same(forest.decision_function(X), build(compiler.form_of(forest, converting.DECISION))(X))
    means = cluster.KMeans(3, n_init=2, random_state=0).fit(X)
    same(means.predict(X), build(compiler.form_of(means, "labels"))(X))


def test_several_targets() -> None:
    both = np.column_stack([SCORE, -SCORE])
    for estimator in (
        multioutput.MultiOutputRegressor(linear_model.Ridge()),
        ensemble.RandomForestRegressor(5),
    ):
        estimator.fit(X, both)
        same(estimator.predict(X), build(compiler.form_of(estimator, converting.VALUES))(X))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
def test_what_the_native_estimator_refuses_is_refused(value: float) -> None:
    row = np.array([[value, 1.0, 1.0, 1.0]])
    gradient = ensemble.GradientBoostingClassifier(n_estimators=2).fit(X, TWO)
    with pytest.raises(Refused):
        build(compiler.form_of(gradient, converting.PROBABILITIES))(row)


@pytest.mark.parametrize(
    "estimator",
    [
        preprocessing.FunctionTransformer(lambda rows: rows),
        ensemble.VotingClassifier([("a", LOGISTIC)]),
        dummy.DummyClassifier(strategy="uniform"),
        svm.SVC(kernel=lambda a, b: a @ b.T),
    ],
    ids=name_of,
)
def test_what_cannot_be_written_down_says_so(estimator: Any) -> None:
    estimator.fit(X, TWO)
    wish = (
        converting.TRANSFORM
        if hasattr(estimator, "transform") and not hasattr(estimator, "classes_")
        else "probabilities"
    )
    with pytest.raises(Unsupported):
        compiler.form_of(estimator, wish)


def frame() -> tuple[pd.DataFrame, Array]:
    data = pd.DataFrame(WITH_GAPS, columns=list("abcd"))
    data["plan"] = RNG.choice(["basic", "pro", "ü"], 120)
    data["city"] = pd.Series(RNG.choice(["x", "y"], 120), dtype=object)
    data.loc[::11, "city"] = None
    return data, TWO


def signed(data: pd.DataFrame) -> Signature:
    return infer(data, target="y", output_type="integer", classes=(0, 1))


@pytest.mark.parametrize(
    "encoder",
    [
        preprocessing.OneHotEncoder(handle_unknown="ignore"),
        preprocessing.OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=2, sparse_output=False
        ),
        preprocessing.OneHotEncoder(drop="first"),
        preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        preprocessing.TargetEncoder(cv=2),
    ],
    ids=["one-hot", "infrequent", "dropped", "ordinal", "target"],
)
@pytest.mark.parametrize("remainder", ["drop", "passthrough"])
def test_a_column_transformer_of_a_client_is_followed(encoder: Any, remainder: str) -> None:
    data, target = frame()
    numbers = pipeline.make_pipeline(impute.SimpleImputer(add_indicator=True), preprocessing.StandardScaler())
    before = compose.make_column_transformer(
        (encoder, ["plan", "city"]), (numbers, ["c", "a"]), remainder=remainder
    )
    model = pipeline.make_pipeline(before, ensemble.RandomForestClassifier(5, random_state=0)).fit(
        data, target
    )
    native = Native(model, signed(data))
    compiled = CompiledModel(compiler.compile_model(model, native.signature), native.signature)
    rows: list[dict[str, Any]] = [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in data.to_dict("records")
    ]
    assert compiled.score(rows) == native.score(rows)
    assert compiled.score(rows[:1]) == native.score(rows[:1])
    unseen = {**rows[0], "plan": "never seen"}
    if getattr(encoder, "handle_unknown", "") == "error":
        with pytest.raises(Refused):
            compiled.score([unseen])
    else:
        assert compiled.score([unseen]) == native.score([unseen])
