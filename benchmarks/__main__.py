"""`make bench`: runs every benchmark of this folder that needs nothing but the server's own packages."""

import argparse

from benchmarks import quality


def main() -> None:
    parser = argparse.ArgumentParser(description="Run the benchmarks and print their tables.")
    parser.add_argument(
        "--data", default="../shared/data", help="folder with telco_churn.csv and california_housing.csv"
    )
    quality.run(parser.parse_args().data)


if __name__ == "__main__":
    main()
